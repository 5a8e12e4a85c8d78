package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import dev.nightshift.testing.harness.FaultyStore;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Logical backups that go to another store when they are taken, by a run's parameter and by a policy's. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LogicalCopyIT {
    private static final String STORE = "dumps-offsite";

    private Nightshift nightshift;
    private TestProject project;
    private Postgres source;
    private S3Server s3;
    private FaultyStore faults;

    @BeforeAll
    void aServerOfTwoDatabasesAndABucket(@TempDir Path folder) throws SQLException {
        s3 = S3Server.start(folder);
        faults = FaultyStore.before(s3.endpoint());
        nightshift = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false"));
        nightshift.start();
        project = TestProject.create(nightshift.admin(), "dump-copies");
        source = Postgres.start(15);
        source.execute("postgres", "create database first");
        source.execute("postgres", "create database second");
        source.execute("first", "create table item as select id from generate_series(1, 1000) id");
        project.register("first", source, "first");
        project.registerOn("first", "second", "second");
        TestStores.define(project.api(), TestStores.bucket(STORE, faults.endpoint()));
    }

    @AfterAll
    void gone() {
        nightshift.remove();
        source.close();
        faults.close();
        s3.close();
    }

    private JsonObject backUpBoth(boolean all) {
        JsonObject ended = project.ended(startBoth(), Duration.ofMinutes(5));
        assertEquals(all, ended.getString("status").equals("COMPLETED"), ended::toString);
        return ended.getJsonArray("targets").getJsonObject(0);
    }

    private String startBoth() {
        JsonObjectBuilder parameters =
                Json.createObjectBuilder().add("kind", "logical").add("copies", STORE);
        return project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", "backup")
                                .add(
                                        "databases",
                                        Json.createArrayBuilder().add("first").add("second"))
                                .add("parameters", parameters)
                                .build())
                .expect(202)
                .object()
                .getString("id");
    }

    private static List<String> steps(JsonObject target) {
        return target.getJsonArray("steps").getValuesAs(JsonObject.class).stream()
                .map(step -> step.getString("name") + " " + step.getString("status"))
                .toList();
    }

    private JsonObject newest(String database) {
        return project.backup(project.backups(database).get(0).getString("id"));
    }

    private static void assertCopied(JsonObject backup, Path bucket) {
        JsonObject copy = backup.getJsonArray("copies").getJsonObject(0);
        assertEquals(STORE + " WHOLE", copy.getString("store") + " " + copy.getString("state"));
        assertTrue(
                Files.exists(bucket.resolve(backup.getString("location")).resolve("manifest.json")), backup::toString);
    }

    @Test
    void oneThatCannotBeTakenKeepsTheOtherFromNoStore() throws SQLException {
        source.execute("postgres", "alter database second rename to away");
        JsonObject target = backUpBoth(false);
        assertAll(
                () -> assertTrue(target.getString("reason").contains("second"), target::toString),
                () -> assertTrue(
                        steps(target).containsAll(List.of("copy FAILED", "copies COMPLETED")), () -> target.toString()),
                () -> assertCopied(newest("first"), s3.bucket()));

        source.execute("postgres", "alter database away rename to second");
        assertTrue(steps(backUpBoth(true)).containsAll(List.of("copy COMPLETED", "copies COMPLETED")));
        assertCopied(newest("first"), s3.bucket());
        assertCopied(newest("second"), s3.bucket());
        project.complete(
                "restore-drill",
                "first",
                Json.createObjectBuilder()
                        .add("backup", newest("first").getString("id"))
                        .add("from", STORE)
                        .build());
        assertEquals(
                "MATCHED",
                newest("first")
                        .getJsonArray("copies")
                        .getJsonObject(0)
                        .getJsonObject("proof")
                        .getString("level"));
    }

    /** Prepare fails, as another cluster seems to answer. */
    @Test
    void whatWasDumpedIsCopiedThoughARestartOfTheRunCannotGoOn() throws SQLException {
        source.execute("postgres", "alter database second rename to away");
        faults.fail(FaultyStore.Fault.REFUSED, Integer.MAX_VALUE, request -> true);
        String run = startBoth();
        JsonObject refused = ended(run);
        faults.heal();
        source.execute("postgres", "alter database away rename to second");
        assertTrue(steps(refused).containsAll(List.of("copy FAILED", "copies FAILED")), refused::toString);
        String taken = newest("first").getString("id");

        String cluster = TestArchive.text(source, "select system_identifier::text from pg_control_system()");
        known(cluster, "1");
        project.api().post(project.path("runs/" + run + "/restart")).expect(202);
        JsonObject target = ended(run);
        known("1", cluster);
        assertAll(
                () -> assertTrue(
                        steps(target).containsAll(List.of("prepare FAILED", "copies COMPLETED")), target::toString),
                () -> assertEquals("FAILED", target.getString("status"), target::toString),
                () -> assertTrue(target.getString("reason").contains("Another cluster answers"), target::toString),
                () -> assertEquals(taken, newest("first").getString("id")),
                () -> assertCopied(newest("first"), s3.bucket()));

        project.api().post(project.path("runs/" + run + "/restart")).expect(202);
        project.completed(run);
        assertCopied(newest("second"), s3.bucket());
    }

    /** What the fleet takes the server for. */
    private void known(String before, String now) throws SQLException {
        nightshift
                .repository()
                .execute("update fleet.instance set system_identifier = '" + now + "' where system_identifier = '"
                        + before + "'");
    }

    private JsonObject ended(String run) {
        return project.ended(run, Duration.ofMinutes(5)).getJsonArray("targets").getJsonObject(0);
    }

    @Test
    void aPolicySendsThemToAllOfItsStores() {
        project.api()
                .post(
                        project.path("policies"),
                        Json.createObjectBuilder()
                                .add("name", "dumped")
                                .add("databases", Json.createArrayBuilder().add("*"))
                                .add(
                                        "stores",
                                        Json.createArrayBuilder().add("local").add(STORE))
                                .add(
                                        "schedules",
                                        Json.createArrayBuilder()
                                                .add(Json.createObjectBuilder()
                                                        .add("work", "LOGICAL")
                                                        .add("cron", "17 3 * * *")
                                                        .add("zone", "UTC")))
                                .build())
                .expect(201);
        JsonObject schedule = project.api().get(project.path("schedules")).expect(200).items().stream()
                .filter(each -> each.getString("name").equals("dumped-logical"))
                .findFirst()
                .orElseThrow();
        assertEquals(STORE, schedule.getJsonObject("parameters").getString("copies"));
        project.api().delete(project.path("policies/dumped?confirm=dumped")).expect(200);
    }
}
