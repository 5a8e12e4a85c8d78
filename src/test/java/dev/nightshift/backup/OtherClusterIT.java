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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Behind the address is another server than before: said in clear words, and nothing of what is stored changes. */
@Tag("thorough")
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
        seenForLonger(archive);
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
        Path standby = Files.createFile(source.data().resolve("standby.signal"));
        source.startAgain(KEEPS);
        archive.hurry();
        archive.awaitFailure("has not followed its primary's promotion yet");
        assertEquals(second, archive.wal().getString("location"), "it may follow");
        source.cluster().stop();
        Files.delete(standby);
        source.startAgain(KEEPS);
        source.execute("postgres", "create table third as select 1 as id");
        seenForLonger(archive);
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
    void anotherStandbyThatIsPromotedGoesOnInTheSameArchive() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "two-standbys");
        project.register("twice", source, "postgres");
        TestArchive archive = new TestArchive(project, "twice");
        archive.change(on());
        archive.awaitState("STREAMING");
        fill(source, "common", 1);
        archive.awaitCovered();
        source.cluster().stop();
        Path sibling = work.resolve("sibling");
        copy(source.data(), sibling);
        Files.createFile(source.data().resolve("standby.signal"));
        source.startAgain(KEEPS);
        text(source, "select pg_promote()::text");
        archive.hurry();
        Eventually.isTrue("its timeline", SOON, () -> archive.newest().getInt("timeline") == 2);
        fill(source, "first", 1);
        archive.awaitCovered();
        String location = archive.wal().getString("location");
        source.cluster().stop();
        // It knows of the promotion, so its own timeline is the third
        Files.copy(
                source.data().resolve("pg_wal/00000002.history"),
                sibling.resolve("pg_wal/00000002.history"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.createFile(sibling.resolve("standby.signal"));
        Map<String, Long> before = stored(location);
        put(sibling);
        Map<String, String> apart = new TreeMap<>(KEEPS);
        apart.put("recovery_target_timeline", "current");
        source.startAgain(apart);
        text(source, "select pg_promote()::text");
        fill(source, "second", 1);
        archive.hurry();
        Eventually.isTrue("its timeline", SOON, () -> archive.newest().getInt("timeline") == 3);
        archive.awaitState("STREAMING");
        archive.awaitCovered();
        assertEquals(location, archive.wal().getString("location"), "what was archived before can be restored from");
        assertTrue(archive.newest().getString("gap").contains("does not descend from timeline 2"));
        Map<String, Long> after = stored(location);
        before.forEach((file, content) -> assertEquals(content, after.get(file), file));
        archive.off();
    }

    /** Its slot is that of an instance which is archived from elsewhere. */
    @Test
    void aServerThatWasLeftForItsStandbyKeepsASlotThatIsNamed() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "left-server");
        project.register("moved", source, "postgres");
        TestArchive archive = new TestArchive(project, "moved");
        archive.change(on());
        archive.awaitState("STREAMING");
        String slot = archive.wal().getString("slot");
        source.cluster().stop();
        try (Postgres old = Postgres.start(18, KEEPS)) {
            old.cluster().stop();
            remove(old.data());
            copy(source.data(), old.data());
            old.startAgain(KEEPS);
            source.startAgain(KEEPS);
            archive.hurry();
            archive.awaitState("STREAMING");
            project.register("stayed", old, "postgres");
            TestArchive left = new TestArchive(project, "stayed");
            JsonObject finding = Eventually.get("the finding", SOON.multipliedBy(2), () -> left.finding(slot));
            assertTrue(finding.getString("detail").contains("an instance that is not archived by it"));
            project.api()
                    .delete(project.path("instances/stayed/slots/" + slot + "?confirm=" + slot))
                    .expect(204);
            assertEquals("0", text(old, "select count(*)::text from pg_replication_slots"));
            assertTrue(left.finding(slot).isEmpty());
            archive.awaitState("STREAMING");
            archive.off();
        }
    }

    /** Another server may show for a moment: what it has is not believed at once. */
    private static void seenForLonger(TestArchive archive) {
        archive.hurry();
        archive.awaitFailure("has other log than is archived");
        Eventually.sleep(Duration.ofSeconds(11));
        archive.hurry();
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
