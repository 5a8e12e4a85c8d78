package dev.nightshift.backup.stored;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderStoreTest {
    private static void put(Store store, String name, int bytes) {
        try (Store.Upload upload = store.create(name)) {
            upload.write(new byte[bytes], 0, bytes);
            upload.commit();
        }
    }

    @Test
    void anObjectExistsWhenItIsCommittedAndNeverChanges(@TempDir Path folder) throws IOException {
        FolderStore store = new FolderStore(folder.resolve("new"));
        try (Store.Upload upload = store.create("a/b/c/one")) {
            upload.write(new byte[] {1, 2, 3}, 1, 2);
            assertEquals(OptionalLong.empty(), store.size("a/b/c/one"));
            assertEquals(List.of(), store.list("a/"));
            assertEquals(List.of("a/b/c"), store.folders(3));
        }
        assertThrows(Failure.NotFound.class, () -> store.read("a/b/c/one"));
        put(store, "a/b/c/one", 5);
        put(store, "a/b/c/two", 7);
        assertThrows(Failure.Conflict.class, () -> put(store, "a/b/c/one", 6));
        assertEquals(List.of(new Store.Entry("a/b/c/one", 5), new Store.Entry("a/b/c/two", 7)), store.list("a/b/"));
        assertEquals(List.of(new Store.Entry("a/b/c/two", 7)), store.list("a/b/c/t"));
        store.delete("a/b/c/one");
        store.delete("a/b/c/one");
        assertEquals(OptionalLong.of(7), store.size("a/b/c/two"));
        assertTrue(store.freeBytes().orElseThrow() > 0);
        store.deleteFolder("a/b/c");
        assertEquals(List.of(), store.list(""));
    }

    /** As two servers do that push one segment, one of them a copy: what the first was told to be stored stays. */
    @Test
    void ofTwoThatWriteOneNameAtOnceOneIsRefused(@TempDir Path folder) throws Exception {
        FolderStore store = new FolderStore(folder);
        for (int round = 0; round < 200; round++) {
            String name = "a/" + round;
            CyclicBarrier both = new CyclicBarrier(2);
            AtomicInteger refused = new AtomicInteger();
            Set<Long> stored = ConcurrentHashMap.newKeySet();
            List<Thread> threads = new ArrayList<>();
            for (int bytes = 1; bytes <= 2; bytes++) {
                int count = bytes;
                Thread thread = new Thread(() -> {
                    try (Store.Upload upload = store.create(name)) {
                        upload.write(new byte[count], 0, count);
                        both.await();
                        upload.commit();
                        stored.add((long) count);
                    } catch (Failure.Conflict e) {
                        refused.incrementAndGet();
                    } catch (InterruptedException | BrokenBarrierException e) {
                        throw new IllegalStateException(e);
                    }
                });
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(1, refused.get(), name);
            assertEquals(Set.of(store.size(name).orElseThrow()), stored, name);
        }
    }

    @Test
    void namesThatLeadOutOfTheStoreAreRefused(@TempDir Path folder) {
        FolderStore store = new FolderStore(folder);
        for (String bad : List.of("../x", "/x", "a//b", "", "a/.hidden", "a/x.partial", "a\\b", "a/..")) {
            assertThrows(Failure.Fatal.class, () -> store.size(bad), bad);
        }
    }

    @Test
    void everythingBelongsToThisUserAlone(@TempDir Path folder) throws IOException {
        put(new FolderStore(folder.resolve("s")), "a/b", 1);
        for (String name : List.of("s", "s/a", "s/a/b")) {
            assertFalse(Files.getPosixFilePermissions(folder.resolve(name)).stream()
                    .anyMatch(permission -> !permission.name().startsWith("OWNER")));
        }
    }
}
