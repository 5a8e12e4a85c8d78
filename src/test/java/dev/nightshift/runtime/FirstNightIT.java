package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
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
                () -> assertEquals("RESTORED", backup.getJsonObject("proof").getString("level"), backup.toString()),
                () -> assertTrue(
                        backup.getJsonObject("proof").getJsonNumber("rtoMillis").longValue() > 0),
                () -> assertEquals(1, overview.getJsonObject("databases").getInt("total")),
                () -> assertEquals(1, overview.getJsonObject("databases").getInt("proven")),
                () -> assertTrue(overview.getJsonObject("lastNight").getInt("done") >= 3, overview.toString()),
                () -> assertEquals(0, overview.getJsonObject("lastNight").getInt("failed")));
    }

    @Test
    void theSummaryNamesWhatRestTells() {
        nightshift.awaitDemoRound();
        List<JsonObject> backups = demo.backups("demo");
        JsonObject first = backups.get(backups.size() - 1);
        dev.nightshift.testing.Eventually.isTrue(
                "a summary with the proof",
                java.time.Duration.ofSeconds(30),
                () -> firstOutput().toLowerCase(java.util.Locale.ROOT).contains("restored"));
        String size = new dev.nightshift.kernel.Bytes(
                        first.getJsonNumber("storedBytes").longValue())
                .toString();
        assertAll(
                () -> assertTrue(firstOutput().contains("https://localhost:"), firstOutput()),
                () -> assertTrue(firstOutput().contains(size), size + " in " + firstOutput()));
    }

    private String firstOutput() {
        try {
            return Files.readString(nightshift.output(1));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
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
        assertEquals(
                List.of(),
                dev.nightshift.testing.Processes.withArgument(nightshift.data().toString()),
                "no process is left");
        nightshift.start();
        assertFalse(nightshift.output().contains(password), "the password is said once");
        assertEquals("COMPLETE", demo.backup(first).getString("state"));
    }
}
