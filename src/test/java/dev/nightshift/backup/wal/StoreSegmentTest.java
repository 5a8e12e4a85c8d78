package dev.nightshift.backup.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.ProjectKeys;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Segments that are stored in more than one object: by two at once, and by a store that loses one. */
class StoreSegmentTest {
    private static final int SEGMENT = 64 << 20;

    private static final StoreSegment.Catalogue UNTOLD = new StoreSegment.Catalogue() {
        @Override
        public void begins(Lsn from) {}

        @Override
        public void stored(Lsn to, long objectBytes) {}
    };

    private static final class Told implements StoreSegment.Catalogue {
        private @Nullable Lsn stored;

        @Override
        public void begins(Lsn from) {}

        @Override
        public void stored(Lsn to, long objectBytes) {
            stored = to;
        }
    }

    private static WalFolder.Opened archive(Store store) {
        ProjectId project = new ProjectId(UUID.randomUUID());
        ProjectKeys keys = ProjectKeys.generate(project);
        UUID id = UUID.randomUUID();
        WalFolder of = new WalFolder(
                project, "shop", "main", id, "7", SEGMENT, Instant.EPOCH, keys.wrap(keys.newDataKey(), id));
        return new WalFolder.Opened(of, of.begin(store, keys));
    }

    @Test
    void aSegmentOfWhichTheStoreSwallowedOneObjectIsNotStored() {
        MemoryStore store = new MemoryStore();
        StoreSegment storing = new StoreSegment(archive(store));
        Lsn start = new Lsn(SEGMENT);
        byte[] content = new byte[SEGMENT];
        int[] commits = {0};
        store.swallowed = name -> ++commits[0] == 2;
        Told told = new Told();
        Failure failure = assertThrows(Failure.Retryable.class, () -> storing.store(1, start, content, SEGMENT, told));
        assertTrue(failure.getMessage().contains("as it was written"), failure::getMessage);
        assertEquals(2, commits[0], "nothing was stored after it");
        assertNull(told.stored);
        assertEquals(StoreSegment.Outcome.STORED, storing.store(1, start, content, SEGMENT, told));
        assertEquals(start.plus(SEGMENT), told.stored);
        assertTrue(storing.holds(1, start, content, SEGMENT));
    }

    @Test
    void aHistoryThatTheStoreSwallowedIsNotStored() {
        MemoryStore store = new MemoryStore();
        StoreSegment storing = new StoreSegment(archive(store));
        byte[] history = "1\t0/3000000\tno recovery target specified\n".getBytes(StandardCharsets.UTF_8);
        store.swallowed = name -> true;
        assertThrows(Failure.Retryable.class, () -> storing.storeHistory(2, history));
        store.swallowed = name -> false;
        assertEquals(StoreSegment.Outcome.STORED, storing.storeHistory(2, history));
    }

    @Test
    void ofTwoThatPushAtOnceOneWinsWithAllOfIt(@TempDir Path folder) throws Exception {
        WalFolder.Opened archive = archive(new FolderStore(folder));
        byte[][] contents = {new byte[SEGMENT], new byte[SEGMENT]};
        Random random = new Random(7);
        random.nextBytes(contents[0]);
        random.nextBytes(contents[1]);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int round = 1; round <= 6; round++) {
                Lsn start = new Lsn((long) round * SEGMENT);
                CyclicBarrier together = new CyclicBarrier(2);
                List<Future<Boolean>> both = new ArrayList<>();
                for (byte[] content : contents) {
                    both.add(threads.submit(() -> {
                        StoreSegment storing = new StoreSegment(archive);
                        together.await();
                        try {
                            return storing.store(1, start, content, SEGMENT, UNTOLD) == StoreSegment.Outcome.STORED;
                        } catch (Failure.Conflict e) {
                            return false;
                        }
                    }));
                }
                boolean first = both.get(0).get();
                boolean second = both.get(1).get();
                assertTrue(first ^ second, "one of both is told that it is stored: " + first + " " + second);
                try (InputStream in = StoredLog.ofSegment(archive, 1, start).open(1, start)) {
                    assertEquals(-1, Arrays.mismatch(contents[first ? 0 : 1], in.readAllBytes()), "round " + round);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
