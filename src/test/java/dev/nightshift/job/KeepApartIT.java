package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A vacuum that keeps apart from backups, and a backup, do not meet on a server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KeepApartIT {
    private static final Duration LONG = Duration.ofSeconds(90);

    private static final JsonObject APART =
            Json.createObjectBuilder().add("apartFromBackups", true).build();

    /** As many as a run works on at once. */
    private static final List<String> BUSY = List.of("busy-a", "busy-b", "busy-c", "busy-d");

    private final Nightshift nightshift = Nightshift.shared();
    private Postgres busy;
    private Postgres idle;
    private TestProject project;

    @BeforeAll
    void twoServers() throws SQLException {
        busy = Postgres.start(17, Map.of("autovacuum", "off"));
        idle = Postgres.start(17, Map.of("autovacuum", "off"));
        project = TestProject.create(nightshift.admin(), "keep-apart");
        // A vacuum that takes minutes unless it is stopped
        busy.execute("postgres", "create database slow");
        busy.execute(
                "slow",
                "create table stale as select id, repeat('x', 250) as text from generate_series(1, 60000) id",
                "delete from stale where id % 2 = 0",
                "checkpoint",
                "alter role postgres in database slow set vacuum_cost_delay = '100ms'",
                "alter role postgres in database slow set vacuum_cost_limit = 10");
        project.register("slow", busy, "slow");
        for (String name : BUSY) {
            String dbname = name.replace('-', '_');
            busy.execute("postgres", "create database " + dbname);
            project.registerOn("slow", name, dbname);
        }
        project.register("idle", idle, "postgres");
    }

    @AfterAll
    void stop() {
        busy.close();
        idle.close();
    }

    private String start(String job, List<String> databases, JsonObject parameters) {
        JsonArrayBuilder names = Json.createArrayBuilder();
        databases.forEach(names::add);
        return project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", job)
                                .add("databases", names)
                                .add("parameters", parameters)
                                .build())
                .expect(202)
                .object()
                .getString("id");
    }

    private static JsonObject target(JsonObject run, String database) {
        return run.getJsonArray("targets").getValuesAs(JsonObject.class).stream()
                .filter(each -> each.getJsonArray("databases").getString(0).equals(database))
                .findFirst()
                .orElseThrow(() -> new AssertionError(database + " in " + run));
    }

    private static Instant endedAt(JsonObject run, String database) {
        return Instant.parse(target(run, database).getString("endedAt"));
    }

    private void waitsFor(String run, String database, String reason) {
        Eventually.isTrue(
                database + " waits: " + reason,
                LONG,
                () -> target(project.run(run), database).getString("reason", "").equals(reason));
    }

    /** The long one comes first; what asks for the server after it does not overtake it, and lets the rest of its run pass. */
    @Test
    void whoAsksFirstIsFirstAndOthersPass() {
        String vacuum = start("vacuum", List.of("slow"), APART);
        Eventually.isTrue(
                "a table that is vacuumed",
                LONG,
                () -> target(project.run(vacuum), "slow").getString("status").equals("STARTED"));
        String backup = start("backup", List.of("slow"), JsonObject.EMPTY_JSON_OBJECT);
        waitsFor(
                backup,
                "slow",
                "Waits for the vacuum run " + vacuum
                        + ", which works on the same server: the two keep apart from each other.");

        List<String> databases = new ArrayList<>(BUSY);
        databases.add("idle");
        String many = start("vacuum", databases, APART);
        String behind = "Waits for the backup run " + backup
                + ", which waits for the same server and asked first: the two keep apart from each other.";
        BUSY.forEach(each -> waitsFor(many, each, behind));
        Eventually.isTrue(
                "the server that nobody works on",
                LONG,
                () -> target(project.run(many), "idle").getString("status").equals("COMPLETED"));

        // What does not keep apart goes on beside it
        String beside = start("vacuum", List.of("busy-a"), JsonObject.EMPTY_JSON_OBJECT);
        assertEquals("COMPLETED", project.ended(beside, LONG).getString("status"));
        assertEquals("STARTED", project.run(vacuum).getString("status"));

        project.api().post(project.path("runs/" + vacuum + "/stop")).expect(202);
        assertEquals("STOPPED", project.ended(vacuum, LONG).getString("status"));
        JsonObject stored = project.ended(backup, LONG);
        JsonObject all = project.ended(many, LONG);
        assertAll(
                () -> assertEquals("COMPLETED", stored.getString("status"), stored.toString()),
                () -> assertEquals("COMPLETED", all.getString("status"), all.toString()),
                () -> assertEquals(
                        "LOCK", all.getJsonArray("attempts").getJsonObject(1).getString("cause"), all.toString()),
                () -> BUSY.forEach(each -> assertTrue(
                        endedAt(all, each).isAfter(endedAt(stored, "slow")), each + " before the backup's end")));
    }
}
