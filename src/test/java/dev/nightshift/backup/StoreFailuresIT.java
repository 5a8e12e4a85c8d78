package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.SmallStore;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.vault.ExportedKeys;
import jakarta.json.JsonObject;
import java.io.IOException;
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

/** A disk that is full, a store that cannot be written: said in clear words, and nothing half remains. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StoreFailuresIT {
    private static final int MEGABYTES = 24;
    private static final Duration SOON = Duration.ofMinutes(1);

    private SmallStore store;
    private Nightshift nightshift;
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void aProductWithASmallStore(@TempDir Path folder) throws SQLException {
        store = new SmallStore(folder, MEGABYTES);
        source = Postgres.start(18);
        nightshift = Nightshift.prepare(
                Map.of("NIGHTSHIFT_STORE", folder.toString(), "NIGHTSHIFT_DEMO", "false", "LC_ALL", "C.UTF-8"),
                store.command());
        nightshift.start();
        project = TestProject.create(nightshift.admin(), "narrow");
    }

    @AfterAll
    void stop() {
        nightshift.remove();
        source.close();
    }

    @Test
    void aFullDiskEndsADumpAndNothingOfItRemains() throws SQLException {
        TestProject other = TestProject.create(nightshift.admin(), "squeezed");
        try (Postgres dumped = Postgres.start(15)) {
            dumped.execute(
                    "postgres",
                    "create table digits as select md5(id::text) || md5((-id)::text) as text from generate_series(1, 900000) id");
            other.register("dumped", dumped, "postgres");
            JsonObject ended =
                    other.ended(other.start("backup", "dumped", TestProject.parameters("kind", "logical")), SOON);
            String reason = target(ended).getString("reason");
            assertAll(
                    () -> assertEquals("FAILED", ended.getString("status"), ended.toString()),
                    () -> assertTrue(reason.contains("The store local (" + store.folder() + ") is full"), reason),
                    () -> assertEquals(
                            List.of(),
                            store.files(nightshift.launcher()).stream()
                                    .filter(file -> file.startsWith("squeezed/"))
                                    .toList()),
                    () -> assertEquals(List.of(), other.backups("dumped")));
        }
    }

    @Test
    void aFullDiskEndsTheBackupWithWhatIsFreeAndNothingOfItRemains() throws SQLException {
        source.execute("postgres", "create database big");
        // Hexadecimal digits compress to half of their 58 MB, which is more than the store holds
        source.execute(
                "big",
                "create table digits as select md5(id::text) || md5((-id)::text) as text from generate_series(1, 900000) id");
        project.register("big", source, "big");
        String run = project.start("backup", "big", TestProject.none());
        JsonObject ended = project.ended(run, SOON);
        JsonObject target = target(ended);
        String reason = target.getString("reason");
        assertAll(
                () -> assertEquals("FAILED", ended.getString("status"), ended.toString()),
                () -> assertEquals("copy", failedStep(target)),
                () -> assertTrue(reason.contains("The store local (" + store.folder() + ") is full"), reason),
                () -> assertTrue(reason.contains("No space left on device"), reason),
                () -> assertTrue(reason.matches("(?s).*, \\d[\\d.]* k?B free\\..*"), reason),
                () -> assertTrue(target.getString("remedy").contains("room"), target.toString()),
                () -> assertEquals(List.of(), storedOf("big"), "stored files"),
                () -> assertEquals(List.of(), project.backups("big")),
                () -> assertFinding("Backup of big failed", reason));

        source.execute("big", "drop table digits", "checkpoint");
        project.complete("backup", "big", TestProject.none());
        assertAll(
                () -> assertEquals(1, project.backups("big").size()),
                () -> assertNotEquals(List.of(), storedOf("big")),
                () -> assertEquals(List.of(), openFindings(), "the finding is closed"));
    }

    @Test
    void aReadOnlyStoreIsSaidBeforeTheServerIsAskedForAnything() throws IOException {
        project.register("small", source, "postgres");
        store.remount(nightshift.launcher(), "ro");
        String run;
        try {
            run = project.start("backup", "small", TestProject.none());
            JsonObject ended = project.ended(run, SOON);
            JsonObject target = target(ended);
            String reason = target.getString("reason");
            assertAll(
                    () -> assertEquals("FAILED", ended.getString("status"), ended.toString()),
                    () -> assertEquals("prepare", failedStep(target)),
                    () -> assertTrue(
                            reason.contains("The store local (" + store.folder() + ") cannot be written"), reason),
                    () -> assertTrue(reason.contains("Read-only file system"), reason),
                    () -> assertTrue(target.getString("remedy").contains("permissions"), target.toString()),
                    () -> assertFinding("Backup of small failed", reason));
        } finally {
            store.remount(nightshift.launcher(), "rw");
        }
        project.api().post(project.path("runs/" + run + "/restart")).expect(202);
        JsonObject again = project.ended(run, SOON);
        assertEquals("COMPLETED", again.getString("status"), () -> again + "\n" + project.log(run));
        assertEquals(List.of(), openFindings(), "the finding is closed");
    }

    @Test
    void archivedLogWaitsForRoomAndForPermissionAndNothingOfItIsLost(@TempDir Path keyFolder) throws Exception {
        TestProject other = TestProject.create(nightshift.admin(), "logged");
        ExportedKeys keys = ExportedKeys.read(other.recoveryKey(keyFolder));
        Path seen = Path.of("/proc/" + nightshift.launcher().pid() + "/root" + store.folder());
        try (Postgres server = Postgres.start(18, TestArchive.KEEPS)) {
            other.register("full", server, "postgres");
            TestArchive archive = new TestArchive(other, "full");
            archive.change(TestArchive.on());
            archive.awaitState("STREAMING");
            archive.awaitCovered();
            TestArchive.fill(server, "much", 8);
            String full = archive.awaitFailure("is full");
            assertTrue(full.contains("The store local (" + store.folder() + ") is full"), full);
            store.remount(nightshift.launcher(), "size=" + 8 * MEGABYTES + "m");
            archive.hurry();
            archive.awaitCovered();
            store.remount(nightshift.launcher(), "ro");
            TestArchive.fill(server, "more", 1);
            try {
                archive.awaitFailure("cannot be written");
            } finally {
                store.remount(nightshift.launcher(), "rw");
            }
            archive.hurry();
            archive.awaitCovered();
            assertEquals(1, archive.wal().getJsonArray("stretches").size(), "no gap");
            assertTrue(TestArchive.sameAsOfServer(archive.stored(seen, keys), server) >= 9, "segments, to the byte");
            archive.off();
        } finally {
            for (String file : store.files(nightshift.launcher())) {
                if (file.startsWith("logged/")) {
                    Files.delete(seen.resolve(file));
                }
            }
            store.remount(nightshift.launcher(), "size=" + MEGABYTES + "m");
        }
    }

    private List<String> storedOf(String instance) {
        return store.files(nightshift.launcher()).stream()
                .filter(file -> file.startsWith("narrow/" + instance + "/"))
                .toList();
    }

    private static JsonObject target(JsonObject run) {
        return run.getJsonArray("targets").getJsonObject(0);
    }

    private static String failedStep(JsonObject target) {
        List<JsonObject> steps = target.getJsonArray("steps").getValuesAs(JsonObject.class);
        return steps.stream()
                .filter(step -> step.getString("status").equals("FAILED"))
                .map(step -> step.getString("name"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("No step failed: " + steps));
    }

    private void assertFinding(String title, String detail) {
        List<JsonObject> open = openFindings();
        assertEquals(1, open.size(), open.toString());
        assertAll(
                () -> assertEquals(title, open.get(0).getString("title")),
                () -> assertEquals("CRITICAL", open.get(0).getString("severity")),
                () -> assertEquals(detail, open.get(0).getString("detail")));
    }

    private List<JsonObject> openFindings() {
        return project.api()
                .get(project.path("findings?state=OPEN"))
                .expect(200)
                .items();
    }
}
