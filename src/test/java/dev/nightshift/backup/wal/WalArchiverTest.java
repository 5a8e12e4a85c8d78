package dev.nightshift.backup.wal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.ProjectKeys;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever cuts an archiver off, those after it leave an archive that holds the log to the byte. */
class WalArchiverTest {
    private static final int TIMELINE = 1;

    /** As far as the catalogue was told. */
    private static final class Told implements ArchiveWal.Catalogue {
        private Lsn to;

        Told(Lsn from) {
            to = from;
        }

        @Override
        public ArchiveWal.@Nullable Reached reached() {
            return new ArchiveWal.Reached(TIMELINE, to);
        }

        @Override
        public void begins(int timeline, Lsn from, @Nullable String gap) {}

        @Override
        public void stored(Lsn stored, long objectBytes) {
            assertTrue(stored.compareTo(to) >= 0, stored + " after " + to);
            to = stored;
        }

        @Override
        public void streams() {}

        @Override
        public void diverged(String reason) {
            throw new AssertionError(reason);
        }
    }

    private static WalFolder.Opened archive(Path folder, int segmentBytes) {
        return archive(new FolderStore(folder), segmentBytes);
    }

    private static WalFolder.Opened archive(Store store, int segmentBytes) {
        ProjectId project = new ProjectId(UUID.randomUUID());
        ProjectKeys keys = ProjectKeys.generate(project);
        UUID id = UUID.randomUUID();
        WalFolder of = new WalFolder(
                project,
                "shop",
                "main",
                id,
                "7432988129021",
                segmentBytes,
                Instant.EPOCH,
                keys.wrap(keys.newDataKey(), id));
        return new WalFolder.Opened(of, of.begin(store, keys));
    }

    private static WalArchiver archiver(WalFolder.Opened archive, Lsn stored, Told told) {
        int segment = archive.description().segmentBytes();
        return new WalArchiver(
                archive.folder(),
                TIMELINE,
                segment,
                WalArchiver.unitStart(stored, segment),
                stored,
                Duration.ofHours(1),
                told);
    }

    @ParameterizedTest
    @ValueSource(ints = {1 << 20, 64 << 20})
    void manyArchiversCutOffAnywhereMakeOneArchive(int segment, @TempDir Path folder) throws IOException {
        Random random = new Random(segment);
        Lsn start = new Lsn(3L * segment);
        byte[] log = new byte[segment < MEGABYTES ? 5 * segment + 12_345 : 40 << 20];
        random.nextBytes(log);
        WalFolder.Opened archive = archive(folder, segment);
        Told told = new Told(start);
        Lsn end = start.plus(log.length);
        while (told.to.compareTo(end) < 0) {
            // What was stored last may not have been told any more
            Told lives = random.nextInt(3) == 0 ? new Told(told.to) : told;
            WalArchiver archiver = archiver(archive, told.to, lives);
            int at = (int) (WalArchiver.unitStart(told.to, segment).value() - start.value());
            int cut = Math.min(log.length, at + random.nextInt(2 * Math.min(segment, WalArchiver.MOST_UNIT_BYTES)));
            while (at < cut) {
                int count = Math.min(cut - at, 1 + random.nextInt(200_000));
                archiver.write(start.plus(at), new ByteArrayInputStream(log, at, count), count);
                at += count;
                if (random.nextInt(4) == 0) {
                    archiver.storePiece();
                }
                assertTrue(archiver.flushed().compareTo(start.plus(at)) <= 0
                        || archiver.flushed().equals(told.to));
            }
            if (cut == log.length) {
                archiver.storePiece();
            }
        }
        ArchivedLog stored = StoredLog.of(archive);
        assertEquals(List.of(new ArchivedLog.Stretch(TIMELINE, start, end)), stored.stretches());
        for (Lsn at = start; at.compareTo(end) < 0; at = at.plus(segment)) {
            int from = (int) (at.value() - start.value());
            try (InputStream in = stored.open(TIMELINE, at)) {
                assertArrayEquals(
                        Arrays.copyOfRange(log, from, Math.min(from + segment, log.length)), in.readAllBytes());
            }
        }
    }

    private static final int MEGABYTES = 2 << 20;

    @Test
    void nothingIsFlushedBeforeItIsStored(@TempDir Path folder) throws IOException {
        WalFolder.Opened archive = archive(folder, 1 << 20);
        Told told = new Told(Lsn.NONE);
        WalArchiver archiver = archiver(archive, Lsn.NONE, told);
        archiver.write(Lsn.NONE, new ByteArrayInputStream(new byte[1000]), 1000);
        assertEquals(Lsn.NONE, archiver.flushed());
        archiver.stop();
        assertTrue(archiver.complete());
        assertEquals(new Lsn(1000), archiver.flushed());
        assertEquals(new Lsn(1000), told.to);
        assertEquals(new Lsn(1000), StoredLog.of(archive).stretches().get(0).to());
    }

    @Test
    void whatTheStoreSaidItTookAndHasNotIsNeitherToldNorFlushed() throws IOException {
        MemoryStore store = new MemoryStore();
        WalFolder.Opened archive = archive(store, 1 << 20);
        Told told = new Told(Lsn.NONE);
        WalArchiver archiver = archiver(archive, Lsn.NONE, told);
        archiver.write(Lsn.NONE, new ByteArrayInputStream(new byte[1000]), 1000);
        store.swallowed = name -> true;
        Failure failure = assertThrows(Failure.Retryable.class, archiver::storePiece);
        assertTrue(failure.getMessage().contains("is not in " + store + " as it was written"), failure::getMessage);
        assertEquals(List.of(Lsn.NONE, Lsn.NONE), List.of(archiver.flushed(), told.to));
        store.swallowed = name -> false;
        archiver.storePiece();
        assertEquals(List.of(new Lsn(1000), new Lsn(1000)), List.of(archiver.flushed(), told.to));
        store.swallowed = name -> true;
        int rest = (1 << 20) - 1000;
        assertThrows(
                Failure.Retryable.class,
                () -> archiver.write(new Lsn(1000), new ByteArrayInputStream(new byte[rest]), rest));
        assertEquals(List.of(new Lsn(1000), new Lsn(1000)), List.of(archiver.flushed(), told.to));
        assertEquals(new Lsn(1000), StoredLog.of(archive).stretches().get(0).to());
    }

    @Test
    void aQuietServerLeavesFewObjects(@TempDir Path folder) throws IOException {
        WalFolder.Opened archive = archive(folder, 1 << 20);
        byte[] log = new byte[3000];
        new Random(7).nextBytes(log);
        WalArchiver archiver = archiver(archive, Lsn.NONE, new Told(Lsn.NONE));
        int most = 0;
        for (int at = 0; at < log.length; at += 10) {
            archiver.write(new Lsn(at), new ByteArrayInputStream(log, at, 10), 10);
            archiver.storePiece();
            most = Math.max(most, archive.folder().list("").size());
        }
        assertTrue(most <= 42, "at most " + most);
        try (InputStream in = StoredLog.of(archive).open(TIMELINE, Lsn.NONE)) {
            assertArrayEquals(log, in.readAllBytes());
        }
    }

    /** A server that was set back and went another way, with the same timeline. */
    @Test
    void anotherLogThanIsStoredIsRefusedAndNotStored(@TempDir Path folder) throws IOException {
        WalFolder.Opened archive = archive(folder, 1 << 20);
        WalArchiver first = archiver(archive, Lsn.NONE, new Told(Lsn.NONE));
        first.write(Lsn.NONE, new ByteArrayInputStream(new byte[1000]), 1000);
        first.storePiece();
        byte[] other = new byte[2000];
        other[900] = 1;
        WalArchiver second = archiver(archive, new Lsn(1000), new Told(new Lsn(1000)));
        second.compareWith(new byte[1000]);
        second.write(Lsn.NONE, new ByteArrayInputStream(other, 0, 500), 500);
        assertThrows(
                WalDiverged.class, () -> second.write(new Lsn(500), new ByteArrayInputStream(other, 500, 1500), 1500));
        assertEquals(new Lsn(1000), StoredLog.of(archive).stretches().get(0).to());
        WalArchiver same = archiver(archive, new Lsn(1000), new Told(new Lsn(1000)));
        same.compareWith(new byte[1000]);
        same.write(Lsn.NONE, new ByteArrayInputStream(new byte[1500]), 1500);
        same.asked();
        assertEquals(new Lsn(1500), StoredLog.of(archive).stretches().get(0).to());
    }

    @Test
    void aHoleInWhatComesIsRefused(@TempDir Path folder) throws IOException {
        WalArchiver archiver = archiver(archive(folder, 1 << 20), Lsn.NONE, new Told(Lsn.NONE));
        archiver.write(Lsn.NONE, new ByteArrayInputStream(new byte[1000]), 1000);
        assertThrows(
                DamageException.class,
                () -> archiver.write(new Lsn(1001), new ByteArrayInputStream(new byte[1000]), 1000));
    }
}
