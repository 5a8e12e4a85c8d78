package dev.nightshift.backup.read;

import static dev.nightshift.backup.read.IncrementalFileTest.blocks;
import static dev.nightshift.backup.read.IncrementalFileTest.incremental;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoreSizeTest {
    private static final UUID CHANGES = UUID.fromString("01938a5c-0000-7000-8000-000000000002");
    private final MemoryStore store = new MemoryStore();
    private final SmallBackup full = new SmallBackup();

    private BackupReader full() throws IOException {
        full.store(store, "shop/main/" + SmallBackup.BACKUP);
        return BackupReader.open(store, "shop/main/" + SmallBackup.BACKUP, full.keys.export());
    }

    private BackupReader chain() throws IOException {
        full.base.put("base/5/100", blocks(1, 2, 3));
        full.base.put("base/5/100_vm", blocks(3));
        full.base.put("base/5/200", blocks(1, 2, 3, 4, 5, 6, 7));
        full();
        SmallBackup changes = full.changes(CHANGES, SmallBackup.BACKUP);
        changes.base.put("global/pg_control", blocks(2));
        changes.base.put("base/5/INCREMENTAL.100", incremental(4, 3));
        changes.base.put("base/5/INCREMENTAL.100_vm", incremental(1));
        changes.store(store, "shop/main/" + CHANGES);
        return BackupReader.open(store, "shop/main/" + CHANGES, full.keys.export());
    }

    private static long written(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("backup_manifest") && !file.endsWith("postgresql.auto.conf"))
                    .filter(file -> !file.toString().contains("data-configuration"))
                    .mapToLong(file -> (file.toFile().length() + 4095) / 4096 * 4096)
                    .sum();
        }
    }

    @Test
    void aFullBackupTakesWhatIsWritten(@TempDir Path work) throws IOException {
        BackupReader reader = full();
        RestoreSize size = RestoreSize.of(reader, null);
        Destination destination =
                Destination.beside(work.resolve("data"), reader.manifest().tablespaces());
        reader.materialise(destination, BackupProgress.NONE);
        assertEquals(LogFixture.SEGMENT, size.log());
        assertEquals(written(work), size.room());
    }

    @Test
    void aChainTakesWhatItIsLaidTogetherToAtMostAndNothingOfFilesThatAreGone(@TempDir Path work) throws IOException {
        BackupReader reader = chain();
        RestoreSize size = RestoreSize.of(reader, null);
        Destination destination =
                Destination.beside(work.resolve("data"), reader.manifest().tablespaces());
        reader.materialise(destination, BackupProgress.NONE);
        long written = written(work);
        assertTrue(size.room() >= written && size.room() < written + 4 * 8192, size + ", " + written);
        assertTrue(size.read() > size.files(), size::toString);
    }

    @Test
    void whereThereIsLessRoomNothingIsBegun(@TempDir Path work) throws IOException {
        BackupReader reader = full();
        RestoreSize size = RestoreSize.of(reader, null);
        Path data = work.resolve("new").resolve("data");
        Destination destination = Destination.beside(data, reader.manifest().tablespaces());
        Failure.Skippable refused =
                assertThrows(Failure.Skippable.class, () -> size.require(destination, folder -> size.room() - 1));
        assertTrue(
                refused.getMessage().contains(data.toString())
                        && refused.getMessage().contains("(" + size.room() + " bytes)")
                        && refused.getMessage().contains("(" + (size.room() - 1) + ")"),
                refused::getMessage);
        assertFalse(Files.exists(work.resolve("new")));
        size.require(destination, folder -> {
            assertEquals(work, folder, "the nearest that exists");
            return size.room();
        });
        assertDoesNotThrow(() -> size.require(destination), "of a real file system");
    }

    @Test
    void logOfWhichNobodyKnowsYetWhetherItIsNeededDoesNotRefuse(@TempDir Path work) {
        Destination destination = Destination.beside(work.resolve("data"), List.of());
        RestoreSize size = new RestoreSize(100, 100, 1000, 10);
        assertEquals(1100, size.room());
        assertDoesNotThrow(() -> size.require(destination, folder -> 110));
        assertThrows(Failure.Skippable.class, () -> size.require(destination, folder -> 109));
    }

    @Test
    void whatAnEarlierAttemptLeftCountsAsFree(@TempDir Path work) throws IOException {
        BackupReader reader = full();
        RestoreSize size = RestoreSize.of(reader, null);
        Path data = Files.createDirectory(work.resolve("data"));
        Destination destination =
                Destination.beside(data, reader.manifest().tablespaces()).withMark("this restore");
        Files.write(data.resolve("half"), new byte[100_000]);
        assertThrows(Failure.Skippable.class, () -> size.require(destination, folder -> size.room() - 100_000));
        Files.writeString(data.resolve(Restoration.MARK), "another restore");
        assertThrows(Failure.Skippable.class, () -> size.require(destination, folder -> size.room() - 100_000));
        Files.writeString(data.resolve(Restoration.MARK), "this restore");
        assertDoesNotThrow(() -> size.require(destination, folder -> size.room() - 100_000));
    }

    @Test
    void thePartsOfARestoreAreTimedWithWhatTheyRead(@TempDir Path work) throws IOException {
        BackupReader reader = chain();
        RestoreTimes times = new RestoreTimes(BackupProgress.NONE);
        reader.materialise(
                Destination.beside(work.resolve("data"), reader.manifest().tablespaces()), times);
        times.end();
        RestoreTimes.Part files = times.files().orElseThrow();
        assertEquals(RestoreSize.of(reader, null).read(), files.bytes());
        assertTrue(
                files.took().compareTo(Duration.ZERO) > 0 && files.took().compareTo(times.all()) <= 0,
                () -> files + " of " + times.all());
        assertTrue(times.log().isEmpty(), "none was fetched");
    }
}
