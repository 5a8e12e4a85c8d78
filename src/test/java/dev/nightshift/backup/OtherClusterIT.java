package dev.nightshift.backup;

import static dev.nightshift.testing.TestArchive.KEEPS;
import static dev.nightshift.testing.TestArchive.fill;
import static dev.nightshift.testing.TestArchive.on;
import static dev.nightshift.testing.TestArchive.sameAsOfServer;
import static dev.nightshift.testing.TestArchive.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.vault.ExportedKeys;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Behind the address is another server than before: said in clear words, and nothing of what is stored changes. */
class OtherClusterIT {
    private static final Duration SOON = Duration.ofSeconds(90);

    private final Nightshift nightshift = Nightshift.shared();
    private final Path store = nightshift.data().resolve("store");
    private Postgres source;
    private Path work;

    @BeforeEach
    void start(@TempDir Path folder) {
        work = folder;
        source = Postgres.start(18, KEEPS);
    }

    @AfterEach
    void stop() {
        source.close();
    }

    @Test
    void aServerThatIsSetBackBeginsAnewAndWhatItWroteBeforeStays() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "set-back");
        ExportedKeys keys = ExportedKeys.read(project.recoveryKey(work));
        project.register("back", source, "postgres");
        TestArchive archive = new TestArchive(project, "back");
        archive.change(on());
        archive.awaitState("STREAMING");
        archive.awaitCovered();
        Path early = work.resolve("early");
        source.cluster().stop();
        copy(source.data(), early);
        source.startAgain(KEEPS);
        archive.hurry();
        archive.awaitState("STREAMING");
        fill(source, "kept", 1);
        archive.awaitCovered();
        String first = archive.wal().getString("location");

        put(early);
        Map<String, Long> before = stored(first);
        source.startAgain(KEEPS);
        source.execute("postgres", "create table other as select 1 as id");
        archive.hurry();
        Eventually.isTrue(
                "another archive",
                SOON,
                () -> !archive.wal().getString("location").equals(first));
        archive.awaitState("STREAMING");
        archive.awaitCovered();
        JsonObject gap = archive.finding("has a gap").orElseThrow();
        assertTrue(gap.getString("detail").contains("set back to an earlier state"), gap::toString);
        assertTrue(sameAsOfServer(archive.stored(store, keys), source) >= 1);
        assertEquals(before, stored(first), "the log of before");

        // Onto another timeline, and set back to before that
        source.cluster().stop();
        Files.createFile(source.data().resolve("standby.signal"));
        source.startAgain(KEEPS);
        text(source, "select pg_promote()::text");
        archive.hurry();
        Eventually.isTrue("the new timeline", SOON, () -> archive.newest().getInt("timeline") == 2);
        archive.awaitCovered();
        String second = archive.wal().getString("location");
        put(early);
        Map<String, Long> promoted = stored(second);
        source.startAgain(KEEPS);
        source.execute("postgres", "create table third as select 1 as id");
        archive.hurry();
        Eventually.isTrue(
                "a third archive",
                SOON,
                () -> !archive.wal().getString("location").equals(second));
        archive.awaitState("STREAMING");
        archive.awaitCovered();
        assertTrue(sameAsOfServer(archive.stored(store, keys), source) >= 1);
        JsonObject descent = archive.finding("has a gap").orElseThrow();
        assertTrue(descent.getString("detail").contains("does not descend from timeline 2"), descent::toString);
        assertEquals(promoted, stored(second), "the log of before");
        archive.off();
    }

    @Test
    void anotherClusterIsNeitherArchivedNorBackedUp() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "other-cluster");
        project.register("swapped", source, "postgres");
        TestArchive archive = new TestArchive(project, "swapped");
        archive.change(on());
        archive.awaitState("STREAMING");
        archive.awaitCovered();
        Path own = work.resolve("own");
        Path other = work.resolve("other");
        try (Postgres stranger = Postgres.start(18, KEEPS)) {
            stranger.cluster().stop();
            copy(stranger.data(), other);
        }
        source.cluster().stop();
        copy(source.data(), own);
        put(other);
        Map<String, Long> before = stored("other-cluster");
        source.startAgain(KEEPS);
        archive.hurry();
        String said = archive.awaitFailure("Another cluster answers");
        assertTrue(said.contains("If the server was replaced on purpose"), said);
        String run = project.start("backup", "swapped", TestProject.none());
        JsonObject ended = project.ended(run, Duration.ofMinutes(2));
        assertNotEquals("COMPLETED", ended.getString("status"));
        assertTrue(ended.toString().contains("system identifier"), () -> ended + project.log(run));
        assertEquals(
                "0", text(source, "select count(*)::text from pg_replication_slots"), "it is nobody's to slow down");
        assertEquals(before, stored("other-cluster"));

        put(own);
        source.startAgain(KEEPS);
        fill(source, "again", 1);
        archive.hurry();
        archive.awaitState("STREAMING");
        archive.awaitCovered();
        assertEquals(1, archive.wal().getJsonArray("stretches").size(), "no gap");
        archive.off();
    }

    /** Another machine takes the address over. */
    private void put(Path data) throws IOException {
        source.cluster().stop();
        remove(source.data());
        copy(data, source.data());
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Every file below a folder of the store, and what its times and its size make of it. */
    private Map<String, Long> stored(String location) throws IOException {
        Map<String, Long> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(store.resolve(location))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(
                        store.relativize(file).toString(),
                        Files.size(file) ^ Files.getLastModifiedTime(file).toMillis() << 20);
            }
        }
        return all;
    }
}
