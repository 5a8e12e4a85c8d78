package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.GoogleStandIn;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A store in a bucket of Google's whose retention policy locks what lies in it, as far as a stand-in for it goes. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LockedGoogleIT {
    private static final String STORE = "retained";

    private final Nightshift nightshift = Nightshift.shared();
    private final Api admin = nightshift.admin();
    private GoogleStandIn google;
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void aBucketThatRetains(@TempDir Path folder) throws Exception {
        google = GoogleStandIn.start(folder);
        google.retention().lockFor(30, true);
        source = Postgres.start(18, Map.of("max_wal_senders", "6"));
        project = TestProject.create(admin, "retaining");
        project.register("cellar", source, "postgres");
        TestStores.define(
                admin,
                Json.createObjectBuilder()
                        .add("name", STORE)
                        .add("kind", "GCS")
                        .add("bucket", GoogleStandIn.BUCKET)
                        .add("endpoint", google.endpoint())
                        .add("lockDays", 31));
    }

    @AfterAll
    void close() {
        source.close();
        google.close();
    }

    private JsonObject checked(boolean works, String step) {
        JsonObject check = TestStores.checked(admin, STORE);
        assertEquals(works, check.getBoolean("works"), check::toString);
        return check.getJsonArray("steps").stream()
                .map(JsonValue::asJsonObject)
                .filter(each -> each.getString("step").equals(step))
                .findFirst()
                .orElseThrow(() -> new AssertionError(check.toString()));
    }

    private boolean isReported() {
        return project.isFound("The store " + STORE + " does not lock what is stored in it");
    }

    private JsonObject expire(boolean apply) {
        return project.expire("cellar", 1, apply);
    }

    @Test
    void whatIsRetainedIsSaidAndFreedOnlyAfterItsTime() {
        assertTrue(checked(false, "LOCK").getString("reason").contains("30 days"));
        admin.put(
                        "api/stores/" + STORE,
                        Json.createObjectBuilder().add("lockDays", 30).build())
                .expect(200);
        assertTrue(checked(true, "LOCK").getString("found").contains("locks each object for 30 days, mode LOCKED"));
        assertTrue(checked(true, "DELETE").getString("found").contains("locked until "));

        JsonObject taken = project.complete("backup", "cellar", TestProject.parameters("store", STORE));
        String location =
                project.backup(TestProject.figures(taken).getString("backup")).getString("location") + "/";
        long stored = google.bytes(location);
        assertTrue(stored > 0);

        google.retention().lockFor(7, false);
        assertTrue(checked(false, "LOCK").getString("reason").contains("mode UNLOCKED"));
        assertTrue(isReported());
        google.retention().lockFor(30, true);
        checked(true, "LOCK");
        assertFalse(isReported());

        project.complete("backup", "cellar", Json.createObjectBuilder().build());
        JsonObject planned = expire(false);
        assertTrue(
                project.log(planned.getString("id")).contains("stays in the store " + STORE + ", locked until "),
                () -> project.log(planned.getString("id")));

        JsonObject refused = expire(true);
        assertEquals(1, project.backups("cellar").size());
        assertEquals(stored, google.bytes(location), "the service keeps it, whole");
        assertEquals(0, TestProject.figure(refused, "bytesFreed"));
        assertEquals(stored, TestProject.figure(refused, "bytesLocked"));
        assertTrue(
                project.log(refused.getString("id")).contains(" are locked until "),
                () -> project.log(refused.getString("id")));

        google.retention().pass(Duration.ofDays(31));
        JsonObject freed = expire(true);
        assertEquals(0, google.bytes(location));
        assertEquals(stored, TestProject.figure(freed, "bytesFreed"));
        assertEquals(0, TestProject.figure(expire(true), "bytesFreed"), "once");

        admin.delete("api/stores/" + STORE + "?confirm=" + STORE).expect(204);
    }
}
