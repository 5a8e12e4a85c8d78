package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.testing.AzureLocks;
import dev.nightshift.testing.AzureServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A container of Azure's that locks what is stored: Azurite, and what it lacks in front of it. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LockedAzureIT {
    private AzureServer server;
    private AzureLocks locks;
    private RemoteStore store;

    @BeforeAll
    void open(@TempDir Path folder) {
        server = AzureServer.start(folder);
        locks = new AzureLocks(server);
        store = open(AzureServer.SECRET, locks.endpoint());
    }

    private static RemoteStore open(String secret, String endpoint) {
        var address = new RemoteAddress(
                RemoteAddress.Provider.AZBLOB,
                AzureServer.CONTAINER,
                endpoint,
                null,
                "nightshift/prod",
                AzureServer.ACCOUNT);
        return RemoteStore.open("store offsite", address, () -> secret, null, ForbiddenAddresses.STANDARD);
    }

    @BeforeEach
    void lockNothing() {
        locks.container(false, false);
        locks.versionLevel(false);
        locks.blobs(null);
    }

    @AfterAll
    void close() {
        store.close();
        locks.close();
        server.close();
    }

    @Test
    void azuriteItselfIsAskedByKeyAndBySharedAccess() {
        Instant until = Instant.now().plusSeconds(600);
        for (String secret : List.of(AzureServer.SECRET, AzureServer.sharedAccess(until))) {
            try (RemoteStore direct = open(secret, server.endpoint())) {
                StoreContract.put(direct, "asked/x", new byte[10]);
                assertEquals(BucketLock.NONE, direct.deletions().bucketLock());
                assertEquals(Optional.empty(), direct.lock("asked/"));
                direct.deleteFolder("asked");
            }
        }
        try (RemoteStore expired = open(AzureServer.sharedAccess(Instant.now().minusSeconds(600)), server.endpoint())) {
            Failure said = assertThrows(
                    Failure.Skippable.class, () -> expired.deletions().bucketLock());
            assertTrue(said.getMessage().contains("HTTP 403"), said.getMessage());
            assertFalse(said.getMessage().contains("sig="), said.getMessage());
        }
    }

    @Test
    void theContainerSaysThatItLocksAndNotForHowLong() {
        locks.container(true, false);
        BucketLock lock = store.deletions().bucketLock();
        assertEquals(BucketLock.UNSAID, lock);
        assertTrue(lock.isFor(30));
        locks.container(false, true);
        assertFalse(store.deletions().bucketLock().isFor(1), "a hold can be lifted at once");
        locks.versionLevel(true);
        assertThrows(Failure.Skippable.class, () -> store.deletions().bucketLock());
    }

    @Test
    void whatItsPolicyLocksStaysWholeAndGoesAfterIt() throws Exception {
        byte[] content = StoreContract.content(1000, 3);
        for (int i = 0; i < 3; i++) {
            StoreContract.put(store, "shop/main/x/part/" + i, content);
        }
        StoreContract.put(store, "shop/main/x/manifest.json", content);
        locks.container(true, false);
        assertEquals(Optional.empty(), store.lock("shop/main/x/"), "no blob shows it");
        Failure said = assertThrows(Failure.Unusable.class, () -> store.deleteFolder("shop/main/x"));
        assertTrue(said.getMessage().contains("does not say until when"), said.getMessage());
        assertEquals(
                new Store.Lock(null, false), store.kept("shop/main/x/", said).orElseThrow());
        assertEquals(4, store.list("shop/main/x/").size(), "whole");
        assertFalse(store.deletions().areOpenToWriter("shop/main/x/manifest.json"), "refused to everybody");
        assertThrows(Failure.Unusable.class, () -> store.replace("shop/main/x/manifest.json", content));
        assertThrows(Failure.Conflict.class, () -> StoreContract.put(store, "shop/main/x/manifest.json", new byte[9]));
        assertArrayEquals(content, StoreContract.get(store, "shop/main/x/manifest.json"));
        store.deleteUnlocked(List.of("shop/main/x/part/0", "shop/main/x/part/1"));

        locks.container(false, true);
        said = assertThrows(Failure.Unusable.class, () -> store.deleteFolder("shop/main/x"));
        assertTrue(said.getMessage().contains("locked by a legal hold"), said.getMessage());
        locks.container(false, false);
        store.deleteFolder("shop/main/x");
        assertEquals(List.of(), store.list("shop/main/x/"));
    }

    @Test
    void whatABlobShowsOfItselfIsSaid() {
        Instant until = Instant.now().plus(Duration.ofDays(30)).truncatedTo(ChronoUnit.SECONDS);
        for (int i = 0; i < 3; i++) {
            StoreContract.put(store, "shop/main/y/part/" + i, new byte[10]);
        }
        locks.blobs(until);
        assertEquals(Optional.of(new Store.Lock(until)), store.lock("shop/main/y/"));
        Failure said = assertThrows(Failure.Unusable.class, () -> store.deleteFolder("shop/main/y"));
        assertTrue(said.getMessage().contains("locked until " + until), said.getMessage());
        store.deleteUnlocked(List.of("shop/main/y/part/0", "shop/main/y/part/1"));
        assertEquals(3, store.list("shop/main/y/").size());
        locks.blobs(Instant.now().minusSeconds(60));
        assertEquals(Optional.empty(), store.lock("shop/main/y/"), "it has ended");
        locks.blobs(null);
        store.deleteFolder("shop/main/y");
        assertEquals(List.of(), store.list("shop/main/y/"));
    }
}
