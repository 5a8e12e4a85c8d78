package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.remote.FaultyBucket;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.wal.StoreSegment;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.harness.FaultyStore;
import dev.nightshift.testing.harness.FaultyStore.Fault;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A store that fails, refuses, lies or is damaged at each step of a restore of a chain with the archived log behind it: what is
 * written is what would be written otherwise, or nothing is left of it and the failure says why.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FailingStoreRestoreIT {
    /** So many of the steps whose fault is overcome are tried, evenly spread. */
    private static final int EASY = 3;

    private Path folder;
    private FaultyBucket bucket;
    private StoredScene scene;
    private Postgres source;
    private Manifest full;
    private Manifest changed;
    private WalFolder archive;
    private Lsn logFrom;
    private List<FaultyStore.Request> asked;
    private Map<String, String> whole;
    private int restores;

    @BeforeAll
    void aChainAndALog(@TempDir Path temporary) throws Exception {
        folder = temporary;
        bucket = FaultyBucket.in(folder);
        source = Postgres.start(
                18, Map.of("summarize_wal", "on", "max_wal_senders", "6", "wal_keep_size", "1GB", "autovacuum", "off"));
        scene = new StoredScene(bucket.store(), source);
        source.execute("postgres", "create table t as select id, md5(id::text) note from generate_series(1, 30000) id");
        full = scene.full();
        source.execute("postgres", "insert into t select id, 'more' from generate_series(30001, 40000) id");
        changed = scene.incremental(full);
        archive = scene.archive(full);
        logFrom = changed.position().start();
        source.execute("postgres", "insert into t select id, 'last' from generate_series(40001, 50000) id");
        Lsn first = scene.switched();
        source.execute("postgres", "insert into t values (50001, 'the end')");
        scene.archive(archive, logFrom, scene.switched(), new Silent());
        assertTrue(first.compareTo(logFrom) > 0);

        bucket.faults().heal();
        Path data = folder.resolve("whole");
        scene.restore(changed, archive, scene.keys(), data);
        asked = bucket.faults().requests();
        whole = content(data);
        try (RestoredServer server = RestoredServer.start(source.cluster().binaries(), data);
                var connection = server.connect("postgres", source.password())) {
            server.awaitEndOfRecovery(connection);
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery("select count(*) || ' ' || max(id) from t")) {
                row.next();
                assertEquals("50001 50001", row.getString(1));
            }
        }
    }

    /** Nobody asks. */
    private static final class Silent implements StoreSegment.Catalogue {
        @Override
        public void begins(Lsn from) {}

        @Override
        public void stored(Lsn to, long objectBytes) {}
    }

    @AfterAll
    void stop() {
        bucket.close();
        source.close();
    }

    private static Map<String, String> content(Path data) throws IOException {
        Map<String, String> files = new TreeMap<>();
        Inventory.files(data)
                .forEach((file, hash) -> files.put(data.relativize(file).toString(), hash));
        return files;
    }

    /** Answers the failure's words; empty if the restore came to its end, with what it should have written. */
    private String tried(String what, BackupKeys keys) throws IOException {
        Path data = folder.resolve("restore-" + ++restores);
        String words = "";
        try {
            scene.restore(changed, archive, keys, data);
            assertEquals(whole, content(data), what);
        } catch (Failure e) {
            words = e.getMessage();
            assertFalse(Files.exists(data), what + " left a folder behind: " + words);
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(
                    List.of(),
                    left.filter(each -> each.getFileName().toString().startsWith("restore-" + restores + "-"))
                            .toList(),
                    what);
        }
        delete(data);
        return words;
    }

    private static void delete(Path data) throws IOException {
        if (Files.exists(data)) {
            try (Stream<Path> files = Files.walk(data)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"DROPPED", "CUT", "REFUSED", "MISSING", "FLIPPED", "SHORTENED"})
    void oneFaultAtAnyStepIsEitherOvercomeOrTold(Fault fault) throws IOException {
        List<String> outcomes = new ArrayList<>();
        List<FaultyStore.Request> steps = FaultyBucket.steps(asked).stream()
                .filter(step -> isMeant(fault, step))
                .toList();
        List<FaultyStore.Request> easy =
                steps.stream().filter(step -> isOvercome(fault, step)).toList();
        for (FaultyStore.Request step : steps) {
            boolean overcome = easy.contains(step);
            if (overcome && easy.indexOf(step) % Math.max(1, easy.size() / EASY) != 0) {
                continue; // each of them takes a whole restore
            }
            bucket.faults().fail(fault, 1, request -> request.number() == step.number());
            String what = fault + " at " + step;
            String words = tried(what, scene.keys());
            assertEquals(1, bucket.faults().failed(), what + " was not met");
            outcomes.add((words.isEmpty() ? "restored" : words) + " <- " + what);
            assertTrue(
                    words.isEmpty() || words.contains("store offsite") || words.contains("The object"),
                    what + ": " + words);
            assertEquals(overcome, words.isEmpty(), what + ": " + words);
        }
        assertFalse(outcomes.isEmpty());
        bucket.faults().heal();
        assertEquals("", tried("healthy again", scene.keys()));
    }

    /**
     * A body is cut or changed where there is one; a listing is no object, and its XML carries no check. How far the whole log
     * goes is held against the catalogue by the jobs; of a single segment the plan knows it.
     */
    private static boolean isMeant(Fault fault, FaultyStore.Request step) {
        return switch (fault) {
            case CUT -> !step.kind().equals("HEAD");
            case FLIPPED -> step.kind().equals("GET");
            case SHORTENED -> step.isList() && step.target().endsWith(".");
            default -> true;
        };
    }

    /** What the client asks again for, or another way. */
    private static boolean isOvercome(Fault fault, FaultyStore.Request step) {
        return fault == Fault.DROPPED
                || fault == Fault.CUT
                || (fault == Fault.MISSING && step.kind().equals("HEAD"));
    }

    /** From its step on until the end: the client gives up, and says what it could not do. */
    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"UNAVAILABLE", "SILENT"})
    void aStoreThatStaysAwayIsToldInTheEnd(Fault fault) throws IOException {
        List<FaultyStore.Request> steps = FaultyBucket.steps(asked);
        for (int at : List.of(steps.size() / 2, steps.size() - 1)) {
            FaultyStore.Request step = steps.get(at);
            long began = System.nanoTime();
            bucket.faults().fail(fault, Integer.MAX_VALUE, request -> request.number() >= step.number());
            String what = fault + " from " + step;
            String words = tried(what, scene.keys());
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            assertAll(
                    () -> assertTrue(words.contains("store offsite"), what + ": " + words),
                    () -> assertTrue(took.compareTo(Duration.ofMinutes(1)) < 0, what + " took " + took));
        }
        bucket.faults().heal();
        assertEquals("", tried("healthy again", scene.keys()));
    }

    @Test
    void whatIsDamagedInTheStoreIsNamedWhereverItIs() throws IOException {
        List<String> names = new ArrayList<>();
        for (Manifest each : List.of(full, changed)) {
            List<StoredObject> archives = each.objects(StoredObject.Kind.ARCHIVE);
            List<StoredObject> log = each.objects(StoredObject.Kind.WAL);
            Stream.of(
                            archives.get(0).name(),
                            archives.get(archives.size() - 1).name(),
                            "backup_manifest",
                            Manifest.NAME)
                    .map(name -> each.folder() + "/" + name)
                    .filter(name -> Files.exists(bucket.object(name)))
                    .forEach(names::add);
            if (each.equals(changed)) {
                names.add(each.folder() + "/" + log.get(log.size() - 1).name());
            }
        }
        names.add(archive.folder() + "/" + WalFolder.NAME);
        try (Stream<Path> pieces = Files.walk(bucket.object(archive.folder()))) {
            Path last = pieces.filter(Files::isRegularFile)
                    .sorted()
                    .reduce((a, b) -> b.endsWith(WalFolder.NAME) ? a : b)
                    .orElseThrow();
            names.add(archive.folder() + "/" + bucket.object(archive.folder()).relativize(last));
        }
        for (String name : names) {
            Path object = bucket.object(name);
            long size = Files.size(object);
            for (long at : List.of(20L, size / 2, size - 2)) {
                flip(object, at);
                String words = tried("byte " + at + " of " + name, scene.keys());
                flip(object, at);
                String last = name.substring(name.lastIndexOf('/') + 1);
                String what = "byte " + at + " of " + size + " of " + name + ": " + words;
                boolean named = words.contains(last)
                        || words.contains("The data key of backup")
                        || words.contains(last.replaceFirst("\\..*", ""));
                assertTrue(named, what);
            }
        }
        assertEquals("", tried("healthy again", scene.keys()));
    }

    private static void flip(Path object, long at) throws IOException {
        try (RandomAccessFile content = new RandomAccessFile(object.toFile(), "rw")) {
            content.seek(at);
            int old = content.read();
            content.seek(at);
            content.write(old ^ 1);
        }
    }

    @Test
    void otherKeysOpenNothing() throws IOException {
        BackupKeys another =
                ProjectKeys.generate(new ProjectId(UUID.randomUUID())).export();
        BackupKeys gone = ProjectKeys.generate(scene.keys().project()).export();
        String ofAnother = tried("another project's keys", another);
        String withoutIts = tried("the project without that key", gone);
        assertAll(
                () -> assertTrue(ofAnother.contains(another.project().toString()), ofAnother),
                () -> assertTrue(withoutIts.contains("key"), withoutIts));
        assertThrows(Failure.Fatal.class, () -> WalFolder.open(bucket.store(), archive.folder(), gone));
    }
}
