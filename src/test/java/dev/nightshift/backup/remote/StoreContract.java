package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every store does alike; each test of it works in a folder of its own. */
interface StoreContract {
    Store store();

    static byte[] content(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    /** In pieces, as blocks come. */
    static void write(Store.Upload upload, byte[] content) {
        for (int from = 0; from < content.length; from += 1_000_003) {
            upload.write(content, from, Math.min(1_000_003, content.length - from));
        }
    }

    static void put(Store store, String name, byte[] content) {
        try (Store.Upload upload = store.create(name)) {
            write(upload, content);
            upload.commit();
        }
    }

    static byte[] get(Store store, String name) throws IOException {
        try (InputStream in = store.read(name)) {
            return in.readAllBytes();
        }
    }

    /** Empty, small, one request, several parts at once, and part after part. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 70_000, RemoteStore.ONE_REQUEST, RemoteStore.ONE_REQUEST + 1, 18_000_000, 50_000_001})
    default void anObjectComesBackAsItWasWrittenAndNeverChanges(int bytes) throws IOException {
        String name = "content/objects/of-" + bytes + "/x";
        byte[] content = content(bytes, bytes);
        put(store(), name, content);
        assertEquals(OptionalLong.of(bytes), store().size(name));
        assertArrayEquals(content, get(store(), name));
        byte[] other = content(bytes + 1, 7);
        assertThrows(Failure.Conflict.class, () -> put(store(), name, other));
        assertArrayEquals(content, get(store(), name));
    }

    /** In one request, and in parts. */
    @ParameterizedTest
    @ValueSource(ints = {100, RemoteStore.ONE_REQUEST + 1})
    default void otherBytesTakeThePlaceOfAnObjectAndOfNothing(int bytes) throws IOException {
        String name = "replaced/objects/of-" + bytes + "/x";
        assertThrows(Failure.NotFound.class, () -> store().replace(name, content(bytes, 1)));
        assertEquals(OptionalLong.empty(), store().size(name));
        put(store(), name, content(200, 2));
        byte[] other = content(bytes, 3);
        store().replace(name, other);
        assertArrayEquals(other, get(store(), name));
        assertEquals(List.of(new Store.Entry(name, bytes)), store().list("replaced/objects/of-" + bytes + "/"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1000, 20_000_000, 60_000_000})
    default void whatIsNotCommittedIsNotThere(int bytes) {
        String name = "cut/objects/of-" + bytes + "/x";
        try (Store.Upload upload = store().create(name)) {
            write(upload, content(bytes, 1));
            assertEquals(OptionalLong.empty(), store().size(name));
        }
        assertEquals(OptionalLong.empty(), store().size(name));
        assertEquals(List.of(), store().list("cut/objects/of-" + bytes + "/"));
        assertThrows(Failure.NotFound.class, () -> store().read(name));
        store().deleteFolder("cut/objects/of-" + bytes);
        put(store(), name, content(bytes, 2));
        assertEquals(OptionalLong.of(bytes), store().size(name));
    }

    @Test
    default void listsAreCompleteAndSorted() throws Exception {
        manyAreListed(store());
        store().deleteFolder("many/here/f-1");
        assertEquals(802, store().list("many/").size());
        assertEquals(List.of(), store().list("many/here/f-1/"));
        store().deleteFolder("many/here/f-1");
        store().deleteFolder("many");
        assertEquals(List.of(), store().list("many/"));
    }

    /** Writes below {@code many} more than a page holds. */
    static void manyAreListed(Store store) throws Exception {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 1203; i++) {
            names.add(String.format("many/here/f-%d/%04d", i % 3, i));
        }
        ExecutorService writers = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Void>> work = new ArrayList<>();
            for (String name : names) {
                work.add(() -> {
                    put(store, name, new byte[] {1, 2});
                    return null;
                });
            }
            for (Future<Void> done : writers.invokeAll(work)) {
                done.get();
            }
        } finally {
            writers.shutdownNow();
        }
        names.sort(null);
        assertEquals(names.stream().map(name -> new Store.Entry(name, 2)).toList(), store.list("many/"));
        assertEquals(
                names.stream()
                        .filter(name -> name.startsWith("many/here/f-1/11"))
                        .toList(),
                store.list("many/here/f-1/11").stream().map(Store.Entry::name).toList());
        assertEquals(List.of(), store.list("many/there/"));
        assertEquals(List.of(), store.list("man/"));
    }

    @Test
    default void foldersAreThoseThatHoldSomethingAtTheirDepth() {
        foldersAreFound(store());
        store().deleteFolder("deep");
    }

    /** Writes below {@code deep}. */
    static void foldersAreFound(Store store) {
        for (String name : List.of("deep/b/c/one", "deep/b/c/d/two", "deep/b/e/three", "deep/top")) {
            put(store, name, new byte[1]);
        }
        assertEquals(
                List.of("deep/b/c", "deep/b/e"),
                store.folders(3).stream()
                        .filter(name -> name.startsWith("deep/"))
                        .toList());
        assertEquals(
                List.of("deep/b/c/d"),
                store.folders(4).stream()
                        .filter(name -> name.startsWith("deep/"))
                        .toList());
        assertEquals(
                List.of("deep"),
                store.folders(1).stream()
                        .filter(name -> name.startsWith("deep"))
                        .toList());
        store.delete("deep/b/c/one");
        store.delete("deep/b/c/one");
        assertEquals(OptionalLong.empty(), store.size("deep/b/c/one"));
        assertEquals(OptionalLong.of(1), store.size("deep/b/c/d/two"));
        assertEquals(OptionalLong.empty(), store.size("deep/b/c"));
    }

    @Test
    default void namesThatLeadOutOfTheStoreAreRefused() {
        for (String bad : List.of("../x", "/x", "a//b", "", "a/.hidden", "a/x.partial", "a\\b", "a/..")) {
            assertThrows(Failure.Fatal.class, () -> store().size(bad), bad);
            assertThrows(Failure.Fatal.class, () -> store().create(bad), bad);
            assertThrows(Failure.Fatal.class, () -> store().delete(bad), bad);
            assertThrows(Failure.Fatal.class, () -> store().deleteFolder(bad), bad);
        }
        assertThrows(Failure.Fatal.class, () -> store().list("../x/y"));
    }
}
