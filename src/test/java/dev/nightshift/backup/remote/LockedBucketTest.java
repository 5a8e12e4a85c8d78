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
import dev.nightshift.testing.S3StandIn;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A bucket that keeps versions and locks them: what is freed is what takes no room any more. */
class LockedBucketTest {
    private static final String ALL = "all";

    private S3StandIn server;
    private RemoteStore store;

    @BeforeEach
    void open() {
        server = S3StandIn.start(30);
        server.login(
                ALL,
                "secret/of+all",
                S3StandIn.Right.READ,
                S3StandIn.Right.WRITE,
                S3StandIn.Right.DELETE,
                S3StandIn.Right.DELETE_VERSION);
        store = open(ALL, "secret/of+all", true);
    }

    private RemoteStore open(String account, String secret, boolean checksums) {
        var address = new RemoteAddress(
                RemoteAddress.Provider.S3,
                S3StandIn.BUCKET,
                server.endpoint(),
                null,
                "nightshift/prod",
                account,
                checksums);
        return RemoteStore.open("store offsite", address, () -> secret, null, ForbiddenAddresses.STANDARD);
    }

    @AfterEach
    void close() {
        store.close();
        server.close();
    }

    @Test
    void theBucketSaysForHowLongItLocks() {
        assertEquals(new BucketLock("COMPLIANCE", 30), store.deletions().bucketLock());
        assertTrue(store.deletions().bucketLock().isFor(30));
        assertFalse(store.deletions().bucketLock().isFor(31));
        server.lockFor(0);
        assertEquals("locks nothing by itself", store.deletions().bucketLock().words());
        assertFalse(store.deletions().bucketLock().isFor(1));
    }

    @Test
    void aBucketThatLocksTakesNothingWithoutAChecksum() {
        try (RemoteStore without = open(ALL, "secret/of+all", false)) {
            Failure said = assertThrows(Failure.class, () -> StoreContract.put(without, "x/1", new byte[9]));
            assertTrue(said.getMessage().contains("Content-MD5 OR x-amz-checksum-"), said.getMessage());
        }
    }

    @Test
    void whatIsLockedIsHiddenAndFreedAfterItsLock() {
        byte[] content = StoreContract.content(1000, 3);
        for (int i = 0; i < 12; i++) {
            StoreContract.put(store, "shop/main/x/part/" + i, content);
        }
        StoreContract.put(store, "shop/main/x/manifest.json", content);
        StoreContract.put(store, "shop/main/y/manifest.json", content);
        store.replace("shop/main/x/manifest.json", StoreContract.content(500, 4));
        assertEquals(13_500, bytes(store.taking("shop/main/x/")));

        store.deleteFolder("shop/main/x");
        assertEquals(List.of(), store.list("shop/main/x/"));
        assertEquals(13_500, bytes(store.taking("shop/main/x/")), "locked");
        Instant until = store.lock("shop/main/x/").orElseThrow().until();
        assertTrue(until != null && Duration.between(Instant.now(), until).toDays() >= 29, () -> "" + until);
        long versions = server.versions("nightshift/prod/shop/main/x/");
        store.deleteFolder("shop/main/x");
        assertEquals(versions, server.versions("nightshift/prod/shop/main/x/"), "no more of them each night");
        assertEquals(List.of(), store.list("shop/main/x/"), "what says so stays until the versions are gone");

        server.pass(Duration.ofDays(31));
        assertEquals(Optional.empty(), store.lock("shop/main/x/"));
        store.deleteFolder("shop/main/x");
        assertEquals(List.of(), store.taking("shop/main/x/"));
        assertEquals(0, server.versions("nightshift/prod/shop/main/x/"));
        assertEquals(1, server.versions("nightshift/prod/shop/main/y/"), "others are not touched");
    }

    @Test
    void onlyVersionsOfWhatIsDeletedArePurged() {
        byte[] content = StoreContract.content(1000, 3);
        for (String name : List.of("1", "2", "3")) {
            StoreContract.put(store, "log/" + name, content);
        }
        store.replace("log/3", content);
        store.delete("log/1");
        store.delete("log/2");
        server.pass(Duration.ofDays(31));
        store.purge("log/", name -> !name.equals("log/2"));
        assertEquals(0, server.versions("nightshift/prod/log/1"));
        assertEquals(2, server.versions("nightshift/prod/log/2"), "not asked for");
        assertEquals(2, server.versions("nightshift/prod/log/3"), "it was replaced, and not deleted");
    }

    @Test
    void aDeletedNameIsTakenAgain() throws Exception {
        byte[] content = StoreContract.content(9_000_000, 5);
        StoreContract.put(store, "again/x", content);
        store.delete("again/x");
        StoreContract.put(store, "again/x", content);
        assertArrayEquals(content, StoreContract.get(store, "again/x"));
        assertThrows(Failure.Conflict.class, () -> StoreContract.put(store, "again/x", content));
    }

    /** Each as a session that has not asked yet: an answer is kept for minutes. */
    @Test
    void nothingIsWrittenTwiceWhereNobodySaysWhetherVersionsAreKept() {
        server.takesTwice(true);
        StoreContract.put(store, "once/x", new byte[10]);
        int[] refused = {400, 403, 404, 409};
        for (int status : refused) {
            server.versioning(status, status == 404 ? "NoSuchBucket" : "Odd");
            try (RemoteStore other = open(ALL, "secret/of+all", true)) {
                assertThrows(Failure.Conflict.class, () -> StoreContract.put(other, "once/x", new byte[11]));
                StoreContract.put(other, "once/" + status, new byte[12]);
            }
        }
        assertEquals(1, server.versions("nightshift/prod/once/x"));
        assertEquals(refused.length + 1, server.keys("nightshift/prod/once/").size());
    }

    @Test
    void aLoginThatMayNotDeleteVersionsIsNotTakenForALock() {
        server.lockFor(0);
        server.login("weak", "weak", S3StandIn.Right.READ, S3StandIn.Right.WRITE, S3StandIn.Right.DELETE);
        try (RemoteStore weak = open("weak", "weak", true)) {
            StoreContract.put(weak, "shop/main/z/manifest.json", new byte[10]);
            Failure said = assertThrows(Failure.Fatal.class, () -> weak.deleteFolder("shop/main/z"));
            assertTrue(said.getMessage().contains("shows no lock"), said.getMessage());
        }
    }

    @Test
    void whatIsNotSaidIsADoubtAndNothingThatPassesIs() {
        try (RemoteStore other = open(ALL, "secret/of+all", true)) { // this one has not looked yet
            StoreContract.put(other, "shop/main/z/manifest.json", new byte[10]);
        }
        server.versioning(400, "ExpiredToken");
        assertThrows(Failure.class, store::doubt);
        Failure expired = assertThrows(Failure.class, () -> store.deleteFolder("shop/main/z"));
        assertTrue(expired.getMessage().contains("ExpiredToken"), expired.getMessage());
        assertEquals(List.of(), store.list("shop/main/z/"), "it is deleted, if not freed");
        server.versioning(404, "NoSuchBucket");
        assertThrows(Failure.class, store::doubt);
        for (int status : new int[] {400, 403, 404, 405, 501}) {
            server.versioning(status, null);
            assertEquals(doubt("HTTP " + status, status > 404), renewed());
        }
        server.versioning(501, "NotImplemented");
        assertEquals(doubt("NotImplemented, Not so", true), renewed());
        server.versioning(403, "AccessDenied");
        assertEquals(doubt("AccessDenied, Not so", false), renewed());
        assertEquals(List.of(), store.taking("shop/main/z/"));

        server.versioning(0, null);
        assertEquals(Optional.empty(), renewed());
        assertEquals(10, bytes(store.taking("shop/main/z/")));
        server.versioning(403, "AccessDenied");
        assertEquals(Optional.empty(), renewed(), "it was seen to keep them");
        assertEquals(10, bytes(store.taking("shop/main/z/")));
    }

    private Optional<Store.Doubt> renewed() {
        store.deletions().bucketLock();
        return store.doubt();
    }

    private static Optional<Store.Doubt> doubt(String why, boolean none) {
        return Optional.of(new Store.Doubt(why, none));
    }

    private static long bytes(List<Store.Entry> entries) {
        return entries.stream().mapToLong(Store.Entry::bytes).sum();
    }
}
