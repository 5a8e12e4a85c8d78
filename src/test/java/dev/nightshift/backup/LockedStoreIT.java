package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3StandIn;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A store whose bucket locks what lies in it: measured, missed, and freed when the lock has ended. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LockedStoreIT {
    private static final String STORE = "locked";
    private static final Duration SOON = Duration.ofMinutes(3);

    private final Nightshift nightshift = Nightshift.shared();
    private final Api admin = nightshift.admin();
    private S3StandIn s3;
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void aBucketThatLocks() throws Exception {
        s3 = S3StandIn.start(30);
        s3.login("all", Nightshift.CREDENTIAL, S3StandIn.Right.values());
        s3.login("writes", Nightshift.CREDENTIAL, S3StandIn.Right.READ, S3StandIn.Right.WRITE);
        source = Postgres.start(18, Map.of("max_wal_senders", "6"));
        project = TestProject.create(admin, "locking");
        project.register("vault", source, "postgres");
        TestStores.define(
                admin,
                TestStores.bucket(STORE, S3StandIn.BUCKET, s3.endpoint(), "all")
                        .add("lockDays", 31)
                        .add("deleteAccount", "deletes")
                        .add("deleteSecretVariable", "NIGHTSHIFT_CREDENTIAL_TEST"));
    }

    @AfterAll
    void close() {
        source.close();
        s3.close();
    }

    private JsonObject lock(boolean passed) {
        return last(passed, "LOCK");
    }

    private JsonObject failed(String step) {
        return last(false, step);
    }

    /** The step that the store's check ended with. */
    private JsonObject last(boolean works, String step) {
        JsonObject check = TestStores.checked(admin, STORE);
        JsonObject last = check.getJsonArray("steps")
                .getJsonObject(check.getJsonArray("steps").size() - 1);
        assertEquals(step, last.getString("step"), check::toString);
        assertEquals(works, check.getBoolean("works"), check::toString);
        return last;
    }

    private JsonObject changed(String... fields) {
        var body = Json.createObjectBuilder();
        for (int at = 0; at < fields.length; at += 2) {
            body.add(fields[at], fields[at + 1]);
        }
        return admin.put("api/stores/" + STORE, body.build()).expect(200).object();
    }

    private boolean isReported() {
        return project.isFound("The store " + STORE + " does not lock what is stored in it");
    }

    /** While it is away, or the sweep measures it in between. */
    private void isNotMeasuredForLong() throws SQLException {
        String title = "The lock of the store " + STORE + " is not measured";
        s3.away(true);
        try {
            nightshift
                    .repository()
                    .execute("update backup.store set lock_measured_at = now() - interval '8 days' where name = '"
                            + STORE + "'");
            Eventually.isTrue("a finding", SOON, () -> project.isFound(title));
        } finally {
            s3.away(false);
        }
        lock(true);
        Eventually.isTrue("none any more", SOON, () -> !project.isFound(title));
    }

    private JsonObject expire(boolean apply) {
        return project.expire("vault", 1, apply);
    }

    @Test
    void whatIsLockedIsSaidAndFreedOnlyAfterItsLock() throws Exception {
        // First one login that may all and another that is unknown, then the two as they should be
        assertTrue(failed("KEEP").getString("reason").contains("may delete as well"));
        changed("account", "writes", "secretVariable", "NIGHTSHIFT_CREDENTIAL_TEST");
        assertTrue(failed("DELETE").getString("reason").contains("by the login that deletes"));
        s3.login(
                "writes",
                Nightshift.CREDENTIAL,
                S3StandIn.Right.READ,
                S3StandIn.Right.WRITE,
                S3StandIn.Right.DELETE_VERSION);
        assertEquals(
                "all",
                changed("deleteAccount", "all", "deleteSecretVariable", "NIGHTSHIFT_CREDENTIAL_TEST")
                        .getString("deleteAccount"));

        var left = s3.keys("nightshift-check/"); // of the check whose login could not delete, for the sweep
        assertTrue(failed("KEEP_VERSIONS").getString("reason").contains("may delete versions for good"));
        assertEquals(left, s3.keys("nightshift-check/"), "what came back is deleted again");
        s3.login("writes", Nightshift.CREDENTIAL, S3StandIn.Right.READ, S3StandIn.Right.WRITE);

        assertTrue(lock(false).getString("reason").contains("30 days"));
        admin.put(
                        "api/stores/" + STORE,
                        Json.createObjectBuilder().add("lockDays", 30).build())
                .expect(200);
        assertTrue(lock(true).getString("found").contains("locks each object for 30 days, mode COMPLIANCE"));

        JsonObject taken = project.complete("backup", "vault", TestProject.parameters("store", STORE));
        String location =
                project.backup(TestProject.figures(taken).getString("backup")).getString("location") + "/";
        long stored = s3.bytes(location);
        assertTrue(stored > 0);

        s3.lockFor(7);
        lock(false);
        assertTrue(isReported());
        s3.lockFor(30);
        lock(true);
        assertFalse(isReported());
        isNotMeasuredForLong();

        project.complete("backup", "vault", Json.createObjectBuilder().build());
        JsonObject planned = expire(false);
        assertTrue(
                project.log(planned.getString("id")).contains("stays in the store locked, locked until "),
                () -> project.log(planned.getString("id")));

        JsonObject hidden = expire(true);
        assertEquals(1, project.backups("vault").size());
        assertEquals(stored, s3.bytes(location), "the server keeps it");
        assertEquals(0, TestProject.figure(hidden, "bytesFreed"));
        assertEquals(stored, TestProject.figure(hidden, "bytesLocked"));
        assertTrue(s3.keys(location).isEmpty(), "nobody sees it");

        s3.pass(Duration.ofDays(31));
        JsonObject freed = expire(true);
        assertEquals(0, s3.versions(location));
        assertEquals(stored, TestProject.figure(freed, "bytesFreed"));
        assertEquals(0, TestProject.figure(expire(true), "bytesFreed"), "once");

        admin.delete("api/stores/" + STORE + "?confirm=" + STORE).expect(204);
    }
}
