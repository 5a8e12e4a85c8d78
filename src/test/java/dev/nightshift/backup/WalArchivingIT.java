package dev.nightshift.backup;

import static dev.nightshift.testing.TestArchive.KEEPS;
import static dev.nightshift.testing.TestArchive.fill;
import static dev.nightshift.testing.TestArchive.on;
import static dev.nightshift.testing.TestArchive.refuseReplication;
import static dev.nightshift.testing.TestArchive.sameAsOfServer;
import static dev.nightshift.testing.TestArchive.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import dev.nightshift.vault.ExportedKeys;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is archived of a server's log is what the server wrote, to the byte, whatever happens to either meanwhile. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WalArchivingIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Map<String, String> KEEPS_LITTLE = Map.of(
            "max_wal_senders", "6", "max_replication_slots", "6", "max_wal_size", "64MB", "min_wal_size", "32MB");

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private ExportedKeys keys;

    @BeforeAll
    void aProject(@TempDir Path folder) throws IOException {
        project = TestProject.create(nightshift.admin(), "log-archive");
        keys = ExportedKeys.read(project.recoveryKey(folder));
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(ints = {15, 18})
    void holdsWhatTheServerWroteThroughCrashesOfIt(int major) throws Exception {
        String name = "log" + major;
        try (Postgres source = Postgres.start(major, KEEPS)) {
            project.register(name, source, "postgres");
            change(name, on());
            awaitState(name, "STREAMING");
            fill(source, "first", 3);
            String before = awaitCovered(name);
            assertTrue(Lsn.parse(newest(name).getString("to")).compareTo(Lsn.parse(before)) > 0, before);
            source.kill();
            awaitState(name, "FAILING");
            source.startAgain(KEEPS);
            awaitState(name, "STREAMING");
            fill(source, "second", 2);
            awaitState(name, "STREAMING");
            awaitCovered(name);

            assertEquals(1, wal(name).getJsonArray("stretches").size(), "no gap");
            ArchivedLog log = stored(name);
            assertEquals(1, log.stretches().size(), log.stretches()::toString);
            assertTrue(sameAsOfServer(log, source) >= 5);
            assertEquals(List.of(), piecesBeforeTheLast(name), "pieces of segments that are whole are gone");

            change(name, Json.createObjectBuilder().add("enabled", false));
            awaitState(name, "OFF");
            assertEquals("0", text(source, "select count(*)::text from pg_replication_slots"));
        }
    }

    /** A server that shuts down sends its log to the end, and waits until that is stored. */
    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void keepsNoServerFromShuttingDown() throws Exception {
        String name = "shut";
        try (Postgres source = Postgres.start(16, KEEPS)) {
            project.register(name, source, "postgres");
            change(name, on().add("pieceSeconds", 3600));
            awaitState(name, "STREAMING");
            source.execute("postgres", "create table t as select 1 as id");
            long began = System.nanoTime();
            source.startAgain(KEEPS_LITTLE);
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            assertTrue(took.compareTo(Duration.ofSeconds(25)) < 0, took::toString);
            change(name, Json.createObjectBuilder().add("enabled", false));
            awaitState(name, "OFF");
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void goesOnWithTheNewTimelineWhereTheServerIsPromoted() throws Exception {
        String name = "promoted";
        try (Postgres source = Postgres.start(18, KEEPS)) {
            project.register(name, source, "postgres");
            change(name, on());
            awaitState(name, "STREAMING");
            fill(source, "first", 1);
            awaitCovered(name);
            Path data = Path.of(text(source, "show data_directory"));
            source.kill();
            Files.createFile(data.resolve("standby.signal"));
            source.startAgain(KEEPS);
            awaitState(name, "STREAMING");
            text(source, "select pg_promote()::text");
            fill(source, "second", 2);
            Eventually.isTrue("the new timeline", SOON, () -> newest(name).getInt("timeline") == 2);
            awaitCovered(name);

            List<ArchivedLog.Stretch> stretches = stored(name).stretches();
            assertEquals(
                    List.of(1, 2),
                    stretches.stream().map(ArchivedLog.Stretch::timeline).toList());
            Lsn promotedAt = TimelineHistory.parse(2, stored(name).history(2).orElseThrow())
                    .part(1)
                    .orElseThrow()
                    .to();
            assertEquals(promotedAt, stretches.get(0).to(), "all of the old timeline is there");
            assertTrue(sameAsOfServer(stored(name), source) >= 3);
            change(name, Json.createObjectBuilder().add("enabled", false));
            awaitState(name, "OFF");
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void givesTheSlotUpAtItsLimitAndTellsTheGap() throws Exception {
        String name = "limited";
        try (Postgres source = Postgres.start(17, KEEPS_LITTLE)) {
            source.execute(
                    "postgres", "create role archiver login replication password 'secret'", "create table t (a text)");
            project.register(name, source, "postgres", "archiver", "secret");
            change(name, on().add("giveUp", true).add("retainedLimitBytes", 64 << 20));
            awaitState(name, "STREAMING");
            String before = backup(name, source);
            awaitCovered(name);
            refuseReplication(source, true);
            for (int i = 0; i < 6; i++) {
                fill(source, "more" + i, 1);
            }
            awaitState(name, "GIVEN_UP");
            assertEquals("0", text(source, "select count(*)::text from pg_replication_slots"));
            assertTrue(finding(name, "was given up"));
            for (int i = 0; i < 6; i++) {
                fill(source, "rest" + i, 1);
                source.execute("postgres", "checkpoint");
            }
            refuseReplication(source, false);
            change(name, on());
            awaitState(name, "STREAMING");
            Eventually.isTrue("the gap", SOON, () -> finding(name, "has a gap"));
            assertFalse(finding(name, "was given up"));
            assertTrue(newest(name).getString("gap").contains("had removed the log after"), newest(name)::toString);
            awaitCovered(name);
            assertEquals(2, stored(name).stretches().size());

            String after = backup(name, source);
            assertFalse(finding(name, "has a gap"), "the backup was taken after it");
            tellsBothEndsOfTheGap(name, before, after);
            Path store = nightshift.data().resolve("store");
            assertEquals(
                    3, archive(name).dataKeys(store, keys, before, after).size(), "each has a data key of its own");

            keepsItsInstance(name);
            change(name, Json.createObjectBuilder().add("enabled", false));
            awaitState(name, "OFF");
        }
    }

    private String backup(String name, Postgres source) throws SQLException {
        source.execute("postgres", "alter role archiver superuser");
        JsonObject run = project.complete("backup", name, TestProject.none());
        source.execute("postgres", "alter role archiver nosuperuser");
        return TestProject.figures(run).getString("backup");
    }

    /** As whoever restores is told of it, and as what is stored has it. */
    private void tellsBothEndsOfTheGap(String name, String before, String after) {
        JsonObject window = project.api()
                .get(project.path("databases/" + name + "/recovery-window"))
                .expect(200)
                .object();
        assertTrue(window.getBoolean("archived"), window::toString);
        assertEquals(before, window.getJsonObject("from").getString("backup"), window::toString);
        List<JsonObject> gaps = window.getJsonArray("gaps").getValuesAs(JsonObject.class);
        assertEquals(1, gaps.size(), window::toString);
        JsonObject from = gaps.get(0).getJsonObject("from");
        JsonObject to = gaps.get(0).getJsonObject("to");
        assertEquals(stored(name).stretches().get(0).to().toString(), from.getString("lsn"), window::toString);
        JsonObject second = project.backup(after);
        assertEquals(
                after + " " + second.getString("stopLsn") + " " + second.getString("endedAt"),
                to.getString("backup") + " " + to.getString("lsn") + " " + to.getString("at"));
        assertTrue(
                Lsn.parse(to.getString("lsn")).value()
                        > Lsn.parse(from.getString("lsn")).plus(4L << 24).value(),
                window::toString);
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void restoresByHandToAMomentBetweenTwoBackups(@TempDir Path work) throws Exception {
        String name = "moment";
        try (Postgres source = Postgres.start(Postgres.debian15(), KEEPS)) {
            project.register(name, source, "postgres");
            change(name, on());
            awaitState(name, "STREAMING");
            source.execute("postgres", "create table t as select 1 as id");
            String backup = project.complete("backup", name, TestProject.none())
                    .getJsonArray("targets")
                    .getJsonObject(0)
                    .getJsonObject("figures")
                    .getString("backup");
            fill(source, "after", 2);
            source.execute("postgres", "insert into t values (2)");
            String moment = text(source, "select clock_timestamp()::text");
            Eventually.sleep(Duration.ofMillis(50));
            source.execute("postgres", "insert into t values (3)");
            awaitCovered(name);

            answersArchiveCommandBesideTheStream(name, source, work);
            Path key = project.recoveryKey(work);
            Path store = nightshift.data().resolve("store");
            Path files = work.resolve("files");
            Path log = work.resolve("log");
            ByHand.decode(store.resolve(project.backup(backup).getString("location")), key, files)
                    .succeeded();
            ByHand.decode(store.resolve(wal(name).getString("location")), key, log)
                    .succeeded();
            Path data = ByHand.assemble(files, work);
            Files.createFile(data.resolve("recovery.signal"));
            Files.writeString(
                    data.resolve("postgresql.auto.conf"),
                    "archive_mode = off\nrestore_command = 'cp \"" + log + "/%f\" \"%p\"'\nrecovery_target_time = '"
                            + moment + "'\nrecovery_target_action = 'promote'\n",
                    StandardOpenOption.APPEND);
            try (RestoredServer restored = RestoredServer.start(Postgres.debian15(), data);
                    Connection connection = restored.connect("postgres", source.password());
                    Statement statement = connection.createStatement()) {
                restored.awaitEndOfRecovery(connection);
                try (ResultSet row = statement.executeQuery(
                        "select string_agg(id::text, ' ' order by id), (select count(*) from after1) from t")) {
                    row.next();
                    assertEquals("1 2 100000", row.getString(1) + " " + row.getString(2));
                }
            }
            change(name, Json.createObjectBuilder().add("enabled", false));
            awaitState(name, "OFF");
        }
    }

    /** Only what the stream has stored is confirmed; what of the last segment has come is handed out as the log's end. */
    private void answersArchiveCommandBesideTheStream(String name, Postgres source, Path work) throws Exception {
        String key = Accounts.key(nightshift, project.name(), "LOG_SHIPPER")
                .header("Authorization")
                .replace("Bearer ", "");
        WalCommand command = WalCommand.install(work.resolve("wal"), nightshift, project.name(), name, key);
        String current = text(source, "select pg_walfile_name(pg_current_wal_lsn())");
        String before = text(source, "select pg_walfile_name(pg_current_wal_lsn() - 16777216)");
        Path wal = source.data().resolve("pg_wal");
        // Copies of them: the server does not archive, and what it has not asked to archive the script refuses
        Path copy = Files.copy(wal.resolve(before), work.resolve(before));
        command.run(source.data(), "push", copy.toString(), before).succeeded();
        WalCommand.pushes(1, "has not asked to archive", command, wal.resolve(current), current);
        copy = Files.copy(wal.resolve(current), work.resolve(current));
        WalCommand.pushes(1, "The log ends within", command, copy, current);
        Path end = work.resolve("end");
        command.run(source.data(), "fetch", current, end.toString()).succeeded();
        byte[] handedOut = Files.readAllBytes(end);
        assertEquals(16 << 20, handedOut.length);
        int differs = Arrays.mismatch(handedOut, Files.readAllBytes(wal.resolve(current)));
        int stored = differs < 0 ? handedOut.length : differs; // all of it, where nothing was written meanwhile
        assertTrue(stored > 40, stored + " bytes are as the server wrote them");
        assertEquals(
                -1,
                Arrays.mismatch(handedOut, stored, 16 << 20, new byte[(16 << 20) - stored], 0, (16 << 20) - stored));
    }

    /** Its last database would take the instance with it. */
    private void keepsItsInstance(String name) {
        String why = project.api()
                .delete(project.path("databases/" + name + "?confirm=" + name))
                .expect(409)
                .body();
        assertTrue(why.contains("Switch archiving off first"), why);
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void refusesWhatIsOutOfBounds() {
        try (Postgres source = Postgres.start(18)) {
            refuses(source);
        }
    }

    private void refuses(Postgres source) {
        project.register("bounds", source, "postgres");
        String problem = project.api()
                .put(project.path("instances/nobody/wal"), on().build())
                .expect(404)
                .body();
        assertTrue(problem.contains("nobody"), problem);
        for (JsonObjectBuilder bad : List.of(
                on().add("pieceSeconds", 4), on().add("retainedLimitBytes", 1), on().add("rpoGoalSeconds", 604_801))) {
            assertTrue(
                    project.api()
                            .put(project.path("instances/bounds/wal"), bad.build())
                            .expect(400)
                            .body()
                            .contains("Give a number from"),
                    "a word that says what to do");
        }
        assertEquals("OFF", wal("bounds").getString("state"), "what was refused changed nothing");
    }

    private TestArchive archive(String name) {
        return new TestArchive(project, name);
    }

    private void change(String name, JsonObjectBuilder body) {
        archive(name).change(body);
    }

    private JsonObject wal(String name) {
        return archive(name).wal();
    }

    private JsonObject newest(String name) {
        return archive(name).newest();
    }

    private void awaitState(String name, String state) {
        archive(name).awaitState(state);
    }

    private String awaitCovered(String name) {
        return archive(name).awaitCovered();
    }

    private boolean finding(String name, String words) {
        return archive(name).finding(words).isPresent();
    }

    private ArchivedLog stored(String name) {
        return archive(name).stored(nightshift.data().resolve("store"), keys);
    }

    private List<String> piecesBeforeTheLast(String name) throws IOException {
        Path folder = nightshift.data().resolve("store").resolve(wal(name).getString("location"));
        try (var files = Files.walk(folder)) {
            List<String> names = files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .filter(file -> file.length() > 24 && file.charAt(24) == '.')
                    .sorted()
                    .toList();
            // Those of the last whole one stay for as long as the next one takes
            List<String> last =
                    names.stream().map(each -> each.substring(0, 24)).distinct().toList();
            List<String> lastTwo = last.subList(Math.max(0, last.size() - 2), last.size());
            return names.stream()
                    .filter(each -> !lastTwo.contains(each.substring(0, 24)) && !each.endsWith(".00000000-01000000"))
                    .toList();
        }
    }
}
