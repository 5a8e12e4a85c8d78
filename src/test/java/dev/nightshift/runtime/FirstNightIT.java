package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a newcomer sees: one command, a night's work on a demo, a summary that is true. */
class FirstNightIT {
    private final Nightshift nightshift = Nightshift.shared();
    private final TestProject demo = TestProject.of(nightshift.admin(), "demo");

    @Test
    void theDemoRoundEndsInAProvenBackupThatTheOverviewTellsOf() {
        nightshift.awaitDemoRound();
        JsonObject backup = demo.backups("demo").get(demo.backups("demo").size() - 1);
        JsonObject overview = demo.api().get(demo.path("overview")).expect(200).object();
        assertAll(
                () -> assertEquals("MATCHED", backup.getJsonObject("proof").getString("level"), backup.toString()),
                () -> assertTrue(
                        backup.getJsonObject("proof").getJsonNumber("rtoMillis").longValue() > 0),
                () -> assertEquals(1, overview.getJsonObject("databases").getInt("total")),
                () -> assertEquals(1, overview.getJsonObject("databases").getInt("proven")),
                () -> assertTrue(overview.getJsonObject("lastNight").getInt("done") >= 3, overview.toString()),
                // Other tests have runs of the demo fail; its own did not
                () -> assertEquals(
                        demo.api()
                                .get(demo.path("runs?status=FAILED,PARTIAL,LOST&limit=500"))
                                .expect(200)
                                .items()
                                .size(),
                        overview.getJsonObject("lastNight").getInt("failed")),
                () -> assertEquals(
                        List.of(),
                        demo.api()
                                .get(demo.path("runs?status=FAILED,PARTIAL,LOST&trigger=START"))
                                .expect(200)
                                .items()));
    }

    @Test
    void metricsAreLabelledByProjectServerAndDatabase() {
        nightshift.awaitDemoRound();
        String of = "project=\"demo\"";
        for (String series : List.of("database", "backup_age_seconds", "backup_stored_bytes", "proof_age_seconds")) {
            awaitSeries("nightshift_" + series + "{", of, "database=\"demo\"");
        }
        // It is the newest backup's, which another test may have taken without a proof
        demo.ended(demo.start("restore-drill", "demo", JsonValue.EMPTY_JSON_OBJECT), Duration.ofMinutes(3));
        awaitSeries("nightshift_proof_level{", of, "database=\"demo\"", "} 4.0");
        awaitSeries("nightshift_runs{", of, "job=\"vacuum\"", "status=\"COMPLETED\"");
        // A breaker is known of servers that were asked since the start
        demo.ended(demo.start("vacuum", "demo", JsonValue.EMPTY_JSON_OBJECT), Duration.ofMinutes(2));
        awaitSeries("nightshift_breaker_open{", of, "server=\"demo\"", "} 0.0");
    }

    private void awaitSeries(String name, String... parts) {
        Eventually.isTrue(
                name + " with " + List.of(parts),
                Duration.ofSeconds(40),
                () -> nightshift
                        .scraper()
                        .get("metrics")
                        .expect(200)
                        .body()
                        .lines()
                        .anyMatch(line ->
                                line.startsWith(name) && List.of(parts).stream().allMatch(line::contains)));
    }

    @Test
    void theSummaryNamesWhatRestTells() {
        nightshift.awaitDemoRound();
        List<JsonObject> backups = demo.backups("demo");
        JsonObject first = backups.get(backups.size() - 1);
        Eventually.isTrue(
                "a summary with the proof",
                Duration.ofSeconds(30),
                () -> firstOutput().contains("proven: matched (L4)"));
        String size = new Bytes(first.getJsonNumber("storedBytes").longValue()).toString();
        assertAll(
                () -> assertTrue(firstOutput().contains("https://localhost:"), firstOutput()),
                () -> assertTrue(firstOutput().contains(size), size + " in " + firstOutput()));
    }

    private String firstOutput() {
        try {
            return Files.readString(nightshift.output(1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theDemosShopIsBelievable() throws Exception {
        String password = Files.readString(nightshift.data().resolve("secrets/demo-superuser.password"))
                .strip();
        try (Connection connection = DriverManager.getConnection(nightshift.demoUrl() + "shop", "postgres", password);
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery("select sum(n_live_tup), max(n_live_tup) from pg_stat_user_tables")) {
            rows.next();
            assertTrue(rows.getLong(2) >= 200_000, "orders");
        }
    }

    @Test
    void aSecondStartTakesUpWhereTheFirstLeftOff() {
        nightshift.awaitDemoRound();
        String first = demo.backups("demo").get(demo.backups("demo").size() - 1).getString("id");
        String password = nightshift.adminPassword();
        nightshift.stop();
        assertEquals(List.of(), nightshift.servers(), "no server is left");
        assertEquals(List.of(), Processes.withArgument(nightshift.data().toString()), "no process is left");
        nightshift.start();
        assertFalse(nightshift.output().contains(password), "the password is said once");
        assertEquals("COMPLETE", demo.backup(first).getString("state"));
    }
}
