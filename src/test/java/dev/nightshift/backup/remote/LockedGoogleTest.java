package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import dev.nightshift.testing.GoogleStandIn;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A bucket of Google's with a retention policy: what is locked is not hidden, and nothing of a backup goes before all of it may. */
class LockedGoogleTest {
    private GoogleStandIn server;
    private RemoteStore store;

    @BeforeEach
    void open(@TempDir Path folder) {
        server = GoogleStandIn.start(folder);
        server.retention().lockFor(30, true);
        store = StandInStore.in(server);
    }

    @AfterEach
    void close() {
        store.close();
        server.close();
    }

    @Test
    void theBucketSaysForHowLongItLocks() {
        assertTrue(store.deletions().canLock());
        assertEquals(new BucketLock("LOCKED", 30), store.deletions().bucketLock());
        server.retention().lockFor(7, false);
        assertEquals(new BucketLock("UNLOCKED", 7), store.deletions().bucketLock());
        assertEquals(
                "locks each object for 7 days, mode UNLOCKED",
                store.deletions().bucketLock().words());
        server.retention().lockFor(0, false);
        assertEquals(BucketLock.NONE, store.deletions().bucketLock());
        server.retention().tellOfBucket(false);
        Failure said =
                assertThrows(Failure.Skippable.class, () -> store.deletions().bucketLock());
        assertTrue(said.getMessage().contains("storage.buckets.get"), said.getMessage());
    }

    @Test
    void aLockedBackupStaysWholeAndGoesAfterItsLock() throws Exception {
        byte[] content = StoreContract.content(1000, 3);
        for (int i = 0; i < 12; i++) {
            StoreContract.put(store, "shop/main/x/part/" + i, content);
        }
        server.retention().pass(Duration.ofDays(1));
        StoreContract.put(store, "shop/main/x/manifest.json", content);
        StoreContract.put(store, "shop/main/y/manifest.json", content);
        server.retention()
                .pass(Duration.ofDays(29).plusHours(1)); // the parts are older than the policy, the manifest is not

        Failure said = assertThrows(Failure.Unusable.class, () -> store.deleteFolder("shop/main/x"));
        assertTrue(said.getMessage().contains("shop/main/x/, locked until "), said.getMessage());
        assertEquals(13, store.list("shop/main/x/").size(), "whole");
        Instant until = store.kept("shop/main/x/", said).orElseThrow().until();
        assertTrue(until != null && Duration.between(Instant.now(), until).toHours() <= 23, () -> "" + until);
        assertEquals(store.kept("shop/main/x/", said), store.lock("shop/main/x/"));
        assertThrows(Failure.Unusable.class, () -> store.replace("shop/main/x/manifest.json", content));
        assertThrows(Failure.Conflict.class, () -> StoreContract.put(store, "shop/main/x/manifest.json", new byte[9]));
        assertArrayEquals(content, StoreContract.get(store, "shop/main/x/manifest.json"));

        server.retention().pass(Duration.ofDays(1));
        assertEquals(Optional.empty(), store.lock("shop/main/x/"));
        store.deleteFolder("shop/main/x");
        assertEquals(List.of(), store.taking("shop/main/x/"));
        assertEquals(1, store.list("shop/main/y/").size(), "others are not touched");
    }

    @Test
    void whatHasNoManifestIsDeletedAsFarAsItMay() {
        for (int i = 0; i < 3; i++) {
            StoreContract.put(store, "shop/main/z/part/" + i, new byte[10]);
        }
        Failure said = assertThrows(Failure.Unusable.class, () -> store.deleteFolder("shop/main/z"));
        assertTrue(said.getMessage().contains("locked until "), said.getMessage());
        server.retention().lockFor(0, false);
        server.retention().hold("nightshift/prod/shop/main/z/part/1", true);
        said = assertThrows(Failure.Unusable.class, () -> store.deleteFolder("shop/main/z"));
        assertTrue(said.getMessage().contains("locked by a legal hold"), said.getMessage());
        assertEquals(Optional.of(new Store.Lock(null)), store.kept("shop/main/z/", said));
        assertEquals(List.of("nightshift/prod/shop/main/z/part/1"), server.names("nightshift/prod/shop/main/z/"));
        server.retention().hold("nightshift/prod/shop/main/z/part/1", false);
        store.deleteFolder("shop/main/z");
        assertEquals(List.of(), store.list("shop/main/z/"));
    }

    @Test
    void ofArchivedLogWhatIsLockedStaysAndTheRestGoes() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            names.add("shop/main/wal/" + i);
            StoreContract.put(store, names.get(i), new byte[10]);
            server.retention().pass(Duration.ofDays(8));
        }
        store.deleteUnlocked(names); // 48, 40 and 32 days are enough, 24, 16 and 8 are not
        assertEquals(
                names.subList(3, 6),
                store.list("shop/main/wal/").stream().map(Store.Entry::name).toList());
        store.deleteUnlocked(List.of());
        store.deleteUnlocked(List.of("shop/main/wal/none"));
    }

    @Test
    void aRefusalThatNoLockExplainsIsSaidAsItWas() {
        StoreContract.put(store, "shop/main/w/manifest.json", new byte[10]);
        server.retention().lockFor(0, false);
        Failure other = new Failure.Unusable("No right.", null, null);
        assertEquals(Optional.empty(), store.kept("shop/main/w/", other));
        assertTrue(store.deletions().areOpenToWriter("shop/main/w/manifest.json"));
        StoreContract.put(store, "shop/main/w/manifest.json", new byte[10]);
        server.retention().lockFor(1, false);
        assertFalse(store.deletions().areOpenToWriter("shop/main/w/manifest.json"), "refused to everybody");
        server.requireToken("another");
        Failure said = assertThrows(Failure.class, () -> store.deleteFolder("shop/main/w"));
        assertFalse(said.getMessage().contains("locked"), said.getMessage());
    }

    @Test
    void aLoginThatMayNotDeleteIsNotTakenForALock() {
        List<String> names = List.of("shop/main/v/part/0", "shop/main/v/part/1", "shop/main/v/manifest.json");
        names.forEach(name -> StoreContract.put(store, name, new byte[10]));
        server.retention().letDelete(false);
        assertTrue(store.lock("shop/main/v/").isPresent(), "it is locked as well");
        for (Executable deletion : List.<Executable>of(
                () -> store.delete(names.get(0)),
                () -> store.deleteFolder("shop/main/v"),
                () -> store.deleteUnlocked(names))) {
            Failure said = assertThrows(Failure.Unusable.class, deletion);
            assertTrue(said.getMessage().contains("storage.objects.delete"), said.getMessage());
            assertFalse(said.getMessage().contains("locked"), said.getMessage());
            assertEquals(Optional.empty(), store.kept("shop/main/v/", said));
        }
        assertFalse(store.deletions().areOpenToWriter(names.get(0)));
    }

    @Test
    void aHoldOnOneObjectKeepsTheBackupWhole() {
        server.retention().lockFor(0, false);
        for (int i = 0; i < 3; i++) {
            StoreContract.put(store, "shop/main/u/part/" + i, new byte[10]);
        }
        StoreContract.put(store, "shop/main/u/manifest.json", new byte[10]);
        server.retention().hold("nightshift/prod/shop/main/u/part/1", true);
        Failure said = assertThrows(Failure.Unusable.class, () -> store.deleteFolder("shop/main/u"));
        assertEquals("The store offsite keeps shop/main/u/, locked by a legal hold.", said.getMessage());
        assertEquals(4, store.list("shop/main/u/").size(), "whole");
        assertEquals(Optional.of(new Store.Lock(null)), store.kept("shop/main/u/", said));
        server.retention().hold("nightshift/prod/shop/main/u/part/1", false);
        store.deleteFolder("shop/main/u");
        assertEquals(List.of(), store.list("shop/main/u/"));
    }

    @Test
    void aBackupGoesThoughTheServiceNeverSaidWhatIsLocked() {
        server.retention().lockFor(0, false);
        StoreContract.put(store, "shop/main/s/part/0", new byte[10]);
        StoreContract.put(store, "shop/main/s/manifest.json", new byte[10]);
        server.retention().busy(true);
        store.deleteFolder("shop/main/s");
        assertEquals(List.of(), store.list("shop/main/s/"));
    }

    @Test
    void aBackupWaitsForAServiceThatSaidItBefore() {
        server.retention().lockFor(0, false);
        StoreContract.put(store, "shop/main/r/part/0", new byte[10]);
        StoreContract.put(store, "shop/main/r/manifest.json", new byte[10]);
        assertEquals(Optional.empty(), store.lock("shop/main/r/"));
        server.retention().busy(true);
        assertThrows(Failure.Retryable.class, () -> store.deleteFolder("shop/main/r"));
        assertEquals(2, store.list("shop/main/r/").size(), "whole");
        server.retention().busy(false);
        store.deleteFolder("shop/main/r");
        assertEquals(List.of(), store.list("shop/main/r/"));
    }

    @Test
    void aRefusalIsSaidThoughTheServiceHasNoTimeToSayWhatIsLocked() {
        List<String> names = List.of("shop/main/t/0", "shop/main/t/1");
        names.forEach(name -> StoreContract.put(store, name, new byte[10]));
        Failure refused = assertThrows(Failure.Unusable.class, () -> store.delete(names.get(0)));
        server.retention().busy(true);
        assertEquals(Optional.empty(), store.kept("shop/main/t/", refused));
        Failure said = assertThrows(Failure.Unusable.class, () -> store.deleteUnlocked(names));
        assertEquals(refused.getMessage(), said.getMessage());
    }
}
