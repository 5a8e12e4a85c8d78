package dev.nightshift.backup.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.ProjectKeys;
import java.io.InputStream;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Segments that are stored in more than one object, by two at once. */
class StoreSegmentTest {
    private static final int SEGMENT = 64 << 20;

    private static final StoreSegment.Catalogue UNTOLD = new StoreSegment.Catalogue() {
        @Override
        public void begins(Lsn from) {}

        @Override
        public void stored(Lsn to, long objectBytes) {}
    };

    @Test
    void ofTwoThatPushAtOnceOneWinsWithAllOfIt(@TempDir Path folder) throws Exception {
        ProjectId project = new ProjectId(UUID.randomUUID());
        ProjectKeys keys = ProjectKeys.generate(project);
        UUID id = UUID.randomUUID();
        WalFolder of = new WalFolder(
                project, "shop", "main", id, "7", SEGMENT, Instant.EPOCH, keys.wrap(keys.newDataKey(), id));
        WalFolder.Opened archive = new WalFolder.Opened(of, of.begin(new FolderStore(folder), keys));
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
