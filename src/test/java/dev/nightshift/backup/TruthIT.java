package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Binaries;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import dev.nightshift.testing.harness.Fixture;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.testing.harness.Journal;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a backup is said to hold is what it holds: judged by a journal of the commits that the source acknowledged, on
 * clusters that stock PostgreSQL recovers.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TruthIT {
    /** Of each writer; the backup lasts for many more. */
    private static final int COMMITS = 50;

    private final Nightshift nightshift = Nightshift.shared();
    private final Inventory inventory = new Inventory(nightshift);
    private TestProject project;

    @BeforeAll
    void aProject() {
        nightshift.awaitDemoRound(); // else its sandbox counts as a stray one
        project = TestProject.create(nightshift.admin(), "truth");
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 16, 17, 18})
    void everythingUpToTheProvenPositionIsThereAndNothingAfterIt(int major, @TempDir Path folder) throws Exception {
        String name = "pg" + major;
        // Where a prepared transaction stays, logical decoding finds no position: what changes is not compared by rows
        try (Fixture fixture = Fixture.start(major, Map.of("wal_level", "replica"), folder)) {
            fixture.prepareTransaction();
            project.register(name, fixture.server(), Fixture.SHOP);
            project.register(name + "-idle", fixture.server(), Fixture.IDLE);
            Journal journal = Journal.start(fixture.server(), Fixture.SHOP, 3);
            try (journal) {
                journal.awaitMore(COMMITS);
                backUpWhileATablespaceComes(name, fixture);
                journal.awaitMore(COMMITS);
            }
            Map<Path, String> before = Inventory.files(fixture.laterFolder());
            assertFalse(before.isEmpty());

            assertEquals(
                    1,
                    inventory.backups("truth").stream()
                            .filter(each -> each.startsWith("truth/" + name + "/"))
                            .count());
            String id = project.backups(name).get(0).getString("id");
            project.complete("restore-drill", name, TestProject.parameters("backup", id));
            JsonObject backup = project.backup(id);
            JsonObject proof = backup.getJsonObject("proof");
            assertEquals("MATCHED", proof.getString("level"), proof.toString());
            Lsn proven = Lsn.parse(backup.getString("provenTo"));
            assertAll(
                    () -> assertEquals(before, Inventory.files(fixture.laterFolder()), "the source's new tablespace"),
                    () -> assertTrue(journal.mustBeThere(proven).size() >= COMMITS, "commits before " + proven),
                    () -> assertTrue(journal.mustNotBeThere(proven).size() >= COMMITS, "commits after " + proven));

            Path stored = nightshift.data().resolve("store").resolve(backup.getString("location"));
            Lsn logEnd = Lsn.parse(manifest(stored).getJsonObject("position").getString("logEnd"));
            restoredByNightshift(name, fixture, backup, journal, proven, logEnd);
            restoredByHand(fixture, stored, Files.createDirectory(folder.resolve("hand")), journal, proven);
            assertEquals(before, Inventory.files(fixture.laterFolder()), "the source's new tablespace");
            inventory.nothingIsStray(fixture.server());
        }
    }

    /** Where all that is open commits or rolls back, a snapshot of a known position holds even what changes all the time. */
    @Test
    void theEvidenceOfTablesThatChangeIsTheTruthAtItsPosition(@TempDir Path folder) throws Exception {
        try (Fixture fixture = Fixture.start(18, Map.of("wal_level", "logical"), folder)) {
            project.register("exact", fixture.server(), Fixture.SHOP);
            project.registerOn("exact", "exact-idle", Fixture.IDLE);
            Journal journal = Journal.start(fixture.server(), Fixture.SHOP, 3);
            try (journal) {
                journal.awaitMore(COMMITS);
                project.complete("backup", "exact", TestProject.none());
                journal.awaitMore(COMMITS);
            }
            String id = project.backups("exact").get(0).getString("id");
            JsonObject evidence = evidence(id, Fixture.SHOP);
            Lsn position = Lsn.parse(evidence.getString("position"));
            JsonObject rows = measured(evidence, "public.journal");
            assertFalse(rows.getBoolean("changed"), rows.toString());
            assertTrue(rows.isNull("samplePercent"), rows.toString());
            assertTrue(journal.mustBeThere(position).size() >= COMMITS, "commits before " + position);
            assertTrue(journal.mustNotBeThere(position).size() >= COMMITS, "commits after " + position);
            assertFalse(evidence(id, Fixture.IDLE).isNull("position"));

            project.complete("restore-drill", "exact", TestProject.parameters("backup", id));
            JsonObject backup = project.backup(id);
            JsonObject proof = backup.getJsonObject("proof");
            assertEquals("MATCHED", proof.getString("level"), proof.toString());
            assertFalse(proof.toString().contains("journal"), () -> "not compared: " + proof);
            assertFalse(proof.toString().contains("while it was measured"), proof.toString());
            Lsn proven = Lsn.parse(backup.getString("provenTo"));
            assertTrue(position.compareTo(proven) < 0, position + " is not before " + proven);

            Path stored = nightshift.data().resolve("store").resolve(backup.getString("location"));
            Path decoded = folder.resolve("decoded");
            ByHand.decode(stored, project.recoveryKey(folder), decoded).succeeded();
            Path before = ByHand.assemble(decoded, Files.createDirectory(folder.resolve("before")));
            ByHand.recoverBefore(position.toString(), before);
            try (RestoredServer server = RestoredServer.start(programs(fixture), before);
                    Connection shop =
                            server.connect(Fixture.SHOP, fixture.server().password())) {
                server.awaitEndOfRecovery(shop);
                journal.compare(shop, position);
                assertEquals(rows.getInt("rows") + "", Fixture.text(shop, "select count(*) from journal"));
                answersAsMeasured(shop, evidence);
            }
            Path after = ByHand.assemble(decoded, Files.createDirectory(folder.resolve("after")));
            ByHand.recoverTo(manifest(stored).getJsonObject("position").getString("restorePoint"), after);
            try (RestoredServer server = RestoredServer.start(programs(fixture), after);
                    Connection shop =
                            server.connect(Fixture.SHOP, fixture.server().password())) {
                server.awaitEndOfRecovery(shop);
                journal.compare(shop, proven);
            }
            inventory.nothingIsStray(fixture.server());
        }
    }

    private static Binaries programs(Fixture fixture) {
        return fixture.server().cluster().binaries();
    }

    private JsonObject evidence(String backup, String database) {
        return project
                .api()
                .get(project.path("backups/" + backup + "/evidence"))
                .expect(200)
                .object()
                .getJsonArray("databases")
                .getValuesAs(JsonObject.class)
                .stream()
                .filter(each -> each.getString("database").equals(database))
                .findFirst()
                .orElseThrow(() -> new AssertionError("There is no evidence of " + database));
    }

    private static JsonObject measured(JsonObject evidence, String table) {
        return evidence.getJsonArray("measured").getValuesAs(JsonObject.class).stream()
                .filter(each -> each.getString("name").equals(table))
                .findFirst()
                .orElseThrow(() -> new AssertionError(table + " was not measured: " + evidence));
    }

    /** As anyone would repeat it with psql. */
    private static void answersAsMeasured(Connection shop, JsonObject evidence) throws SQLException {
        shop.setAutoCommit(false);
        int asked = 0;
        try (Statement statement = shop.createStatement()) {
            statement.execute(evidence.getString("settings"));
            for (JsonObject each : evidence.getJsonArray("measured").getValuesAs(JsonObject.class)) {
                if (each.getString("kind").equals("SEQUENCE")) {
                    continue;
                }
                try (ResultSet row = statement.executeQuery(each.getString("query"))) {
                    row.next();
                    assertEquals(each.getJsonNumber("rows").longValue(), row.getLong("rows"), each::toString);
                    assertEquals(each.getString("hash"), row.getString("hash"), each::toString);
                }
                asked++;
            }
        }
        shop.rollback();
        assertTrue(asked >= 9, asked + " of " + evidence);
    }

    /** The tablespace comes after the last file was copied, while the log still flows: it is created in the stored log. */
    private void backUpWhileATablespaceComes(String name, Fixture fixture) throws SQLException {
        String run;
        try (Connection blocker = fixture.server().connect(Fixture.SHOP);
                Statement statement = blocker.createStatement()) {
            blocker.setAutoCommit(false);
            // The evidence waits five seconds for each of them
            statement.execute("lock table account, big, secret, spaced, parted_1, parted_2 in access exclusive mode");
            run = project.start("backup", name, TestProject.none());
            Eventually.isTrue(
                    "the evidence",
                    Duration.ofMinutes(1),
                    () -> waiting(fixture) || !project.run(run).isNull("endedAt"));
            fixture.laterTablespace();
            blocker.rollback();
        }
        JsonObject ended = project.ended(run, Duration.ofMinutes(2));
        assertEquals("COMPLETED", ended.getString("status"), () -> ended + "\n" + project.log(run));
        fixture.laterTablespaceGrows();
    }

    private static boolean waiting(Fixture fixture) {
        try {
            String waiting = "select count(*) from pg_locks where not granted and mode = 'AccessShareLock'";
            return !fixture.text(Fixture.SHOP, waiting).equals("0");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonObject manifest(Path stored) throws IOException {
        try (Reader text = Files.newBufferedReader(stored.resolve("manifest.json"));
                var reader = Json.createReader(text)) {
            return reader.readObject();
        }
    }

    /** The job's cluster plays the whole of the stored log, which ends with the restore point's segment. */
    private void restoredByNightshift(
            String name, Fixture fixture, JsonObject backup, Journal journal, Lsn proven, Lsn logEnd)
            throws IOException, SQLException {
        Path restored = nightshift.data().resolve("restore").resolve("truth-" + name);
        JsonObject run = project.complete(
                "restore",
                name,
                Json.createObjectBuilder()
                        .add("backup", backup.getString("id"))
                        .add("folder", restored.toString())
                        .build());
        namesTheFolderThatAStartWritesInto(fixture, project.log(run.getString("id")));
        Binaries programs = fixture.server().cluster().binaries();
        try (RestoredServer server = RestoredServer.startElsewhere(programs, restored, fixture.laterFolder());
                Connection shop = server.connect(Fixture.SHOP, fixture.server().password())) {
            server.awaitEndOfRecovery(shop);
            journal.compare(shop, proven, logEnd);
            isTheSource(fixture, server, shop);
        }
    }

    /** Stock PostgreSQL goes to the restore point that the backup names and no further. */
    private void restoredByHand(Fixture fixture, Path stored, Path work, Journal journal, Lsn proven)
            throws IOException, SQLException {
        Path decoded = work.resolve("decoded");
        namesTheFolderThatAStartWritesInto(
                fixture,
                ByHand.decode(stored, project.recoveryKey(work), decoded)
                        .succeeded()
                        .output());
        Path data = ByHand.assemble(decoded, work);
        ByHand.recoverTo(manifest(stored).getJsonObject("position").getString("restorePoint"), data);
        Binaries programs = fixture.server().cluster().binaries();
        try (RestoredServer server = RestoredServer.startElsewhere(programs, data, fixture.laterFolder());
                Connection shop = server.connect(Fixture.SHOP, fixture.server().password())) {
            server.awaitEndOfRecovery(shop);
            journal.compare(shop, proven);
            isTheSource(fixture, server, shop);
        }
    }

    private static void namesTheFolderThatAStartWritesInto(Fixture fixture, String said) {
        assertTrue(said.contains(fixture.laterFolder() + " "), said);
    }

    private static void isTheSource(Fixture fixture, RestoredServer server, Connection shop) throws SQLException {
        assertEquals("0", Fixture.text(shop, "select count(*) from fleeting"), "rows of an unlogged table");
        assertEquals(
                "1000", Fixture.text(shop, "select count(*) from later"), "rows in the tablespace that came later");
        assertEquals(Fixture.PREPARED, Fixture.text(shop, "select gid from pg_prepared_xacts"));
        assertEquals("0", Fixture.text(shop, "select count(*) from ledger"));
        try (Statement statement = shop.createStatement()) {
            statement.execute("commit prepared '" + Fixture.PREPARED + "'");
        }
        assertEquals("4711", Fixture.text(shop, "select sum(amount) from ledger"));
        try (Connection source = fixture.server().connect(Fixture.SHOP)) {
            assertEquals(Fixture.fingerprint(source), Fixture.fingerprint(shop));
        }
        try (Connection idle =
                server.connect("Idle%20%22DB%22", fixture.server().password())) {
            assertEquals("1000", Fixture.text(idle, "select count(*) from quiet"));
        }
    }
}
