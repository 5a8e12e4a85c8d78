package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Points as runs and REST know them, where nothing is archived: what lies within the backups' own logs can be reached. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PointJobsIT {
    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Postgres source;
    private JsonObject first;
    private JsonObject second;

    @BeforeAll
    void twoBackups() throws SQLException {
        project = TestProject.create(nightshift.admin(), "points");
        source = Postgres.start(17);
        project.register("shop", source, "postgres");
        source.execute("postgres", "create table step as select 1 as n");
        project.complete("backup", "shop", TestProject.none());
        source.execute("postgres", "insert into step values (2)");
        project.complete("backup", "shop", TestProject.none());
        List<JsonObject> backups = project.backups("shop");
        second = backups.get(0);
        first = backups.get(1);
        source.execute("postgres", "insert into step values (3)");
    }

    @AfterAll
    void stop() {
        source.close();
    }

    private static JsonObjectBuilder point(String to, String point) {
        return Json.createObjectBuilder().add("to", to).add("point", point);
    }

    private JsonObject target(JsonObject run) {
        return run.getJsonArray("targets").getJsonObject(0);
    }

    /** The name of the restore point that a backup makes at its end. */
    private static String nameIn(JsonObject backup) {
        return "nightshift_" + backup.getString("id");
    }

    @Test
    void aDrillFindsTheBackupBehindWhichAPointIsAndLeavesItsProofAlone() {
        JsonObject run = project.complete(
                "restore-drill", "shop", point("name", nameIn(first)).build());
        JsonObject figures = target(run).getJsonObject("figures");
        assertEquals(first.getString("id"), figures.getString("backup"), figures::toString);
        assertEquals("proven restored", figures.getString("level"));
        assertEquals(first.getString("recoversTo"), figures.getString("recoversTo"));
        assertEquals(1, figures.getInt("timeline"));
        assertTrue(figures.getInt("rtoMillis") > 0);
        assertEquals(
                "NONE",
                project.backup(first.getString("id")).getJsonObject("proof").getString("level"));

        JsonObject latest = project.complete("restore-drill", "shop", TestProject.parameters("to", "latest"));
        assertEquals(
                second.getString("id"), target(latest).getJsonObject("figures").getString("backup"), latest::toString);
    }

    @Test
    void aRestoreGoesToThePointAndTheServerIsOneOfItsOwn() throws Exception {
        Path folder = nightshift.data().resolve("restore/point");
        JsonObject run = project.complete(
                "restore",
                "shop",
                point("name", nameIn(first)).add("folder", folder.toString()).build());
        assertEquals(first.getString("id"), target(run).getJsonObject("figures").getString("backup"));
        try (RestoredServer restored = RestoredServer.start(Postgres.binaries(17), folder);
                Connection connection = restored.connect("postgres", "secret");
                var statement = connection.createStatement()) {
            restored.awaitEndOfRecovery(connection);
            try (var row = statement.executeQuery("select max(n), current_setting('archive_mode') from step")) {
                row.next();
                assertEquals(1, row.getInt(1));
                assertEquals("off", row.getString(2));
            }
            assertTrue(Files.readString(folder.resolve("pg_wal/00000002.history"))
                    .startsWith("1\t" + first.getString("recoversTo")));
        }
    }

    @Test
    void whatCannotBeReachedSaysWhy() {
        JsonObject beyond = project.ended(
                project.start("restore-drill", "shop", point("lsn", "FF/0").build()), Duration.ofMinutes(1));
        assertEquals("SKIPPED", target(beyond).getString("status"));
        assertTrue(target(beyond).getString("reason").contains("beyond the log that is stored"), beyond::toString);

        Path folder = nightshift.data().resolve("restore/nowhere");
        JsonObject missing = project.ended(
                project.start(
                        "restore",
                        "shop",
                        point("name", "never made")
                                .add("folder", folder.toString())
                                .build()),
                Duration.ofMinutes(1));
        assertEquals("FAILED", target(missing).getString("status"));
        assertTrue(target(missing).getString("reason").contains("it is not in the log"), missing::toString);
        assertFalse(Files.exists(folder));
    }

    @Test
    void aTimeOfWhichNothingIsStoredIsRefusedWhicheverBackupIsNamed() {
        Instant between = Instant.parse(first.getString("endedAt")).plusMillis(1);
        JsonObject plan = plan(to("time", between.toString()), 200);
        assertFalse(plan.getBoolean("reachable"), plan::toString);
        assertTrue(plan.getString("reason").contains("is stored only up to"), plan::toString);
        JsonObject named = project.ended(
                project.start(
                        "restore-drill",
                        "shop",
                        point("time", second.getString("endedAt"))
                                .add("backup", first.getString("id"))
                                .build()),
                Duration.ofMinutes(1));
        assertEquals("SKIPPED", target(named).getString("status"), named::toString);
        assertTrue(target(named).getString("reason").contains("is stored only up to"), named::toString);
        JsonObject early = project.ended(
                project.start(
                        "restore-drill",
                        "shop",
                        point("time", first.getString("endedAt"))
                                .add("backup", second.getString("id"))
                                .build()),
                Duration.ofMinutes(1));
        assertEquals("SKIPPED", target(early).getString("status"), early::toString);
        assertTrue(target(early).getString("reason").contains("the backup that was asked for"), early::toString);
    }

    @Test
    void parametersThatMakeNoPointAreRefusedByName() {
        refused(point("time", "yesterday").build(), "parameters.point");
        refused(point("time", Instant.now().plusSeconds(3600).toString()).build(), "parameters.point");
        refused(point("latest", "now").build(), "parameters.point");
        refused(Json.createObjectBuilder().add("point", "0/1").build(), "parameters.point");
        refused(Json.createObjectBuilder().add("timeline", 1).build(), "parameters.timeline");
        refused(point("immediate", "x").build(), "parameters.to");
        refused(point("lsn", "0/1").add("upTo", "stored").build(), "parameters.upTo");
        refused(point("lsn", "0/1").add("upTo", "intact").build(), "parameters.upTo");
    }

    /** {@code {"to": {"lsn": "…"}}}, as of a plan. */
    private static JsonObjectBuilder planned(JsonObject to) {
        return Json.createObjectBuilder().add("to", to);
    }

    @Test
    void runsAndSchedulesTakeThePointAsAPlanDoes() {
        JsonObject to = to("name", nameIn(first));
        Path folder = nightshift.data().resolve("restore/as-planned");
        JsonObject run = project.complete(
                "restore",
                "shop",
                planned(to).add("timeline", 1).add("folder", folder.toString()).build());
        assertEquals(first.getString("id"), target(run).getJsonObject("figures").getString("backup"));
        JsonObject kept = run.getJsonObject("parameters");
        assertEquals("name " + nameIn(first), kept.getString("to") + " " + kept.getString("point"));
        assertTrue(Files.exists(folder.resolve("recovery.signal")));
        JsonObject drill = project.complete(
                "restore-drill",
                "shop",
                planned(to("lsn", first.getString("recoversTo")))
                        .add("upTo", "readable")
                        .build());
        assertEquals(
                first.getString("id"), target(drill).getJsonObject("figures").getString("backup"));

        JsonObjectBuilder schedule = Json.createObjectBuilder()
                .add("name", "as-planned")
                .add("job", "restore-drill")
                .add("cron", "0 3 * * *")
                .add("zone", "UTC")
                .add("databases", Json.createArrayBuilder().add("shop"))
                .add("enabled", false)
                .add("parameters", planned(to));
        project.api().post(project.path("schedules"), schedule.build()).expect(201);
        JsonObject plan = project.api()
                .get(project.path("schedules/as-planned"))
                .expect(200)
                .object();
        JsonObject stored = plan.getJsonObject("parameters");
        assertEquals("name " + nameIn(first), stored.getString("to") + " " + stored.getString("point"));
        project.api()
                .put(
                        project.path("schedules/as-planned"),
                        Json.createObjectBuilder().add("parameters", stored).build())
                .expect(200);
    }

    @Test
    void aPointThatIsSaidTwiceIsRefusedByName() {
        JsonObject lsn = to("lsn", "0/1");
        for (String job : List.of("restore", "restore-drill")) {
            refused(job, planned(lsn).add("point", "0/1").build(), "parameters.point");
            refused(
                    job,
                    planned(Json.createObjectBuilder(lsn).add("xid", "800").build())
                            .build(),
                    "parameters.to");
            refused(job, planned(to("lsn", "nowhere")).build(), "parameters.to.lsn");
            refused(
                    job,
                    planned(to("time", Instant.now().plusSeconds(3600).toString()))
                            .build(),
                    "parameters.to.time");
        }
        refused("restore-drill", planned(lsn).add("which", "random").build(), "parameters.which");
        refused("backup", planned(lsn).build(), "parameters.to");
    }

    private void refused(JsonObject parameters, String field) {
        refused("restore-drill", parameters, field);
    }

    private void refused(String job, JsonObject parameters, String field) {
        JsonObject problem = project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", job)
                                .add("databases", Json.createArrayBuilder().add("shop"))
                                .add("parameters", parameters)
                                .build())
                .expect(400)
                .object();
        assertTrue(problem.toString().contains("\"" + field + "\""), problem::toString);
    }

    private JsonObject plan(JsonObject to, int status) {
        return project.api()
                .post(
                        project.path("databases/shop/restore-plan"),
                        Json.createObjectBuilder().add("to", to).build())
                .expect(status)
                .object();
    }

    private static JsonObject to(String kind, String text) {
        return Json.createObjectBuilder().add(kind, text).build();
    }

    @Test
    void aPlanNamesBackupAndLogOrTheReason() {
        JsonObject latest = plan(Json.createObjectBuilder().add("latest", true).build(), 200);
        assertTrue(latest.getBoolean("reachable") && latest.getBoolean("certain"), latest::toString);
        assertEquals(second.getString("id"), latest.getString("backup"));
        assertEquals(second.getString("id"), latest.getJsonArray("chain").getString(0));
        assertEquals(0, latest.getJsonObject("segments").getInt("count"));

        JsonObject older = plan(to("time", first.getString("endedAt")), 200);
        assertTrue(older.getBoolean("reachable"), older::toString);
        assertEquals(first.getString("id"), older.getString("backup"));
        JsonObject later = plan(
                to(
                        "time",
                        Instant.parse(second.getString("endedAt")).plusMillis(1).toString()),
                200);
        assertFalse(later.getBoolean("reachable"), later::toString);
        assertTrue(later.getString("reason").contains("is stored only up to"), later::toString);
        JsonObject named = plan(to("name", "anything"), 200);
        assertTrue(named.getBoolean("reachable") && !named.getBoolean("certain"), named::toString);

        JsonObject early = plan(to("lsn", "0/1000028"), 200);
        assertFalse(early.getBoolean("reachable"));
        assertTrue(early.getString("reason").contains("before the first backup"), early::toString);
        assertEquals(JsonValue.NULL, Objects.requireNonNullElse(early.get("backup"), JsonValue.NULL));
        assertTrue(plan(to("lsn", "FF/0"), 200).getString("reason").contains("beyond the log"));
        assertTrue(plan(to("lsn", "nowhere"), 400).toString().contains("\"to.lsn\""));
        assertTrue(plan(Json.createObjectBuilder().build(), 400).toString().contains("\"to\""));
        assertTrue(plan(
                        Json.createObjectBuilder()
                                .add("latest", true)
                                .add("xid", "800")
                                .build(),
                        400)
                .toString()
                .contains("\"to\""));
    }

    @Test
    void theWindowGoesFromTheFirstBackupToTheEndWithWhatIsMissingBetween() {
        JsonObject window = project.api()
                .get(project.path("databases/shop/recovery-window"))
                .expect(200)
                .object();
        assertEquals(1, window.getInt("timeline"), window::toString);
        assertFalse(window.getBoolean("archived"), "only the backups' own log");
        assertTrue(window.getJsonObject("to").isNull("coveredTo"), "what a backup's own log lacks is not known");
        assertEquals(first.getString("stopLsn"), window.getJsonObject("from").getString("lsn"));
        assertEquals(first.getString("id"), window.getJsonObject("from").getString("backup"));
        assertEquals(first.getString("endedAt"), window.getJsonObject("from").getString("at"));
        List<JsonObject> gaps = window.getJsonArray("gaps").getValuesAs(JsonObject.class);
        assertEquals(1, gaps.size(), "what was written between the backups lies in neither's log");
        JsonObject from = gaps.get(0).getJsonObject("from");
        JsonObject to = gaps.get(0).getJsonObject("to");
        Lsn ends = Lsn.parse(from.getString("lsn"));
        assertTrue(ends.compareTo(Lsn.parse(first.getString("recoversTo"))) >= 0, from::toString);
        assertTrue(ends.compareTo(Lsn.parse(second.getString("startLsn"))) <= 0, from::toString);
        assertEquals(second.getString("stopLsn"), to.getString("lsn"));
        assertEquals(second.getString("id"), to.getString("backup"));
        assertEquals(second.getString("endedAt"), to.getString("at"));
        // The plan says the same of both ends
        assertTrue(plan(to("lsn", to.getString("lsn")), 200).getBoolean("reachable"), to::toString);
        assertTrue(plan(to("lsn", first.getString("recoversTo")), 200).getBoolean("reachable"), from::toString);
        assertFalse(plan(to("lsn", ends.plus(1).toString()), 200).getBoolean("reachable"), from::toString);
        project.api()
                .get(project.path("databases/shop/recovery-window?timeline=x"))
                .expect(400);
        assertTrue(project.api()
                .get(project.path("databases/shop/recovery-window?timeline=9"))
                .expect(200)
                .object()
                .getJsonArray("gaps")
                .isEmpty());
    }
}
