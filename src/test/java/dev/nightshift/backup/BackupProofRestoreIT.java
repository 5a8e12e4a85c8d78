package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Damage;
import dev.nightshift.testing.harness.Inventory;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way of a backup on every version that has one: taken while others write, proven, restored, started, compared. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BackupProofRestoreIT {
    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;

    @BeforeAll
    void aProject() {
        project = TestProject.create(nightshift.admin(), "majors");
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 16, 17, 18})
    void aBackupUnderWriteLoadIsProvenAndRestoresToWhatWasThere(int major) throws Exception {
        String name = "pg" + major;
        try (SourceServer source = SourceServer.start(major, nightshift.scratch("sources"))) {
            project.register(name, source.server(), "shop");
            long before = source.written();
            JsonObject run = project.complete("backup", name, TestProject.none());
            long after = source.written();
            assertNotEquals(before, after, "the load wrote during the backup");
            JsonObject backup = onlyBackup(name);
            assertAll(
                    () -> assertTrue(backup.getString("serverVersion").startsWith(major + "."), "version"),
                    () -> assertEquals("COMPLETE", backup.getString("state")),
                    () -> assertEquals(run.getString("id"), backup.getString("run")),
                    () -> assertEquals(1, backup.getInt("tablespaces")),
                    () -> assertTrue(backup.getJsonNumber("storedBytes").longValue() > 0),
                    () -> assertTrue(backup.getJsonNumber("storedBytes").longValue()
                            < backup.getJsonNumber("sizeBytes").longValue()));

            Path later = source.laterTablespace();
            Map<Path, String> sourceFiles = Inventory.files(later);
            assertFalse(sourceFiles.isEmpty());
            project.complete("restore-drill", name, TestProject.parameters("backup", backup.getString("id")));
            assertProven(project.backup(backup.getString("id")));
            assertEquals(sourceFiles, Inventory.files(later), "the drill left the source's files alone");

            source.stopLoad();
            Path folder = nightshift.data().resolve("restore").resolve(name);
            project.complete("restore", name, restoration(backup, folder));
            if (major == 15) {
                stockVerificationAcceptsItAndRefusesOneFlippedByte(folder);
            }
            startedByStockPostgres(major, folder, source.fingerprint(), before);
        }
    }

    private JsonObject onlyBackup(String database) {
        List<JsonObject> backups = project.backups(database);
        assertEquals(1, backups.size(), backups.toString());
        return backups.get(0);
    }

    private static JsonObject restoration(JsonObject backup, Path folder) {
        return Json.createObjectBuilder()
                .add("backup", backup.getString("id"))
                .add("folder", folder.toString())
                .build();
    }

    private static void assertProven(JsonObject backup) {
        JsonObject proof = backup.getJsonObject("proof");
        JsonObject matched = proof.getJsonArray("ladder").getJsonObject(4).getJsonObject("figures");
        assertAll(
                () -> assertEquals("MATCHED", proof.getString("level"), proof.toString()),
                () -> assertEquals(4, proof.getInt("levelNumber")),
                // product, note in its tablespace, and event although the load wrote
                () -> assertEquals(3, matched.getInt("tables"), proof.toString()),
                () -> assertTrue(matched.getInt("rows") >= 65_000, proof.toString()),
                () -> assertTrue(proof.getJsonNumber("rtoMillis").longValue() > 0),
                () -> assertEquals(
                        List.of("PASSED", "PASSED", "PASSED", "PASSED", "PASSED"),
                        proof.getJsonArray("ladder").getValuesAs(JsonObject.class).stream()
                                .map(rung -> rung.getString("outcome"))
                                .toList()));
    }

    private static void stockVerificationAcceptsItAndRefusesOneFlippedByte(Path folder) throws IOException {
        Path tool = Postgres.debian15().program("pg_verifybackup");
        Processes.Result accepted = verify(tool, folder);
        assertEquals(0, accepted.exit(), accepted.output());
        Path victim = largestFile(folder.resolve("base"));
        Damage.flip(victim);
        Processes.Result refused = verify(tool, folder);
        assertNotEquals(0, refused.exit(), "one flipped byte of " + victim);
        assertTrue(refused.output().contains(folder.relativize(victim).toString()), refused.output());
        Damage.flip(victim);
        assertEquals(0, verify(tool, folder).exit());
    }

    private static Processes.Result verify(Path tool, Path folder) throws IOException {
        return Processes.run(Duration.ofMinutes(2), tool.toString(), folder.toString());
    }

    private static Path largestFile(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length()))
                    .orElseThrow();
        }
    }

    private static void startedByStockPostgres(int major, Path folder, String fingerprint, long atLeast)
            throws IOException, SQLException {
        try (RestoredServer restored = RestoredServer.start(Postgres.binaries(major), folder);
                Connection connection = restored.connect(SourceServer.DATABASE, "secret")) {
            assertEquals(fingerprint, SourceServer.fingerprint(connection));
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(
                            "select count(*), coalesce(max(id), 0), current_setting('archive_mode') from event")) {
                rows.next();
                long count = rows.getLong(1);
                assertTrue(count >= atLeast, count + " events, of at least " + atLeast + " before the backup");
                assertEquals(rows.getLong(2), count, "no event is missing in between");
                assertEquals("off", rows.getString(3));
            }
        }
    }

    @Test
    void anOldServerIsRefusedWithAClearWord() throws SQLException {
        try (Postgres old = Postgres.start(13)) {
            project.register("pg13", old, "postgres");
            String id = project.start("backup", "pg13", TestProject.none());
            JsonObject run = project.ended(id, Duration.ofMinutes(1));
            JsonObject target = run.getJsonArray("targets").getJsonObject(0);
            assertEquals("SKIPPED", target.getString("status"));
            assertTrue(target.getString("reason").contains("15"), target.toString());
            assertEquals(List.of(), project.backups("pg13"));
        }
    }

    @Test
    void aRestoreIsRefusedWhereSomethingIsAndWhereNothingMayBe() throws Exception {
        try (Postgres server = Postgres.start(18, Map.of("wal_level", "replica"))) {
            project.register("refusals", server, "postgres");
            project.complete("backup", "refusals", TestProject.none());
            JsonObject backup = onlyBackup("refusals");
            Path full = nightshift.data().resolve("restore/full");
            Files.createDirectories(full);
            Files.writeString(full.resolve("somebody-elses"), "data");
            String run = project.start("restore", "refusals", restoration(backup, full));
            assertEquals("FAILED", project.ended(run, Duration.ofMinutes(1)).getString("status"));
            assertEquals("data", Files.readString(full.resolve("somebody-elses")));
            project.api()
                    .post(
                            project.path("runs"),
                            Json.createObjectBuilder()
                                    .add("job", "restore")
                                    .add("databases", Json.createArrayBuilder().add("refusals"))
                                    .add("parameters", restoration(backup, Path.of("/etc/nightshift")))
                                    .build())
                    .expect(400);
        }
    }
}
