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
import dev.nightshift.testing.BucketLogins;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.RadosGateway;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real server that keeps versions, locks them and lets each login do what a policy says: Ceph's gateway. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RadosGatewayStoreIT implements StoreContract {
    private static final String VERSIONS = "versions";
    private static final String GOVERNED = "governed";
    private static final String BELOW = "nightshift/prod/";

    private @Nullable RadosGateway gateway;
    private @Nullable RemoteStore opened;

    @BeforeAll
    void open(@TempDir Path folder) {
        RadosGateway server = RadosGateway.start(folder.resolve("ceph"));
        gateway = server;
        List.of("all", "writes", "deletes", "hides").forEach(server::user);
        server.lockable(VERSIONS);
        server.lockable(GOVERNED);
        server.lock(GOVERNED, "GOVERNANCE", 2);
        server.allow(VERSIONS, BucketLogins.documented());
        server.allow(GOVERNED, BucketLogins.documented());
        opened = open(VERSIONS, "all", null);
    }

    private RadosGateway server() {
        return Objects.requireNonNull(gateway);
    }

    private RemoteStore open(String bucket, String login, @Nullable String deleting) {
        return RemoteStore.open(
                "store offsite",
                address(bucket, login),
                () -> RadosGateway.SECRET,
                deleting == null ? null : new RemoteStore.Login(address(bucket, deleting), () -> RadosGateway.SECRET),
                ForbiddenAddresses.STANDARD);
    }

    private RemoteAddress address(String bucket, String login) {
        return new RemoteAddress(
                RemoteAddress.Provider.S3, bucket, server().endpoint(), null, "nightshift/prod", login, true);
    }

    @Override
    public Store store() {
        return Objects.requireNonNull(opened);
    }

    @AfterAll
    void close() {
        if (opened != null) {
            opened.close();
        }
        if (gateway != null) {
            gateway.close();
        }
    }

    private List<RadosGateway.Version> versions(String bucket, String begin) {
        return server().versions(bucket, BELOW + begin);
    }

    @Test
    void theBucketSaysForHowLongItLocks() {
        server().lockable("measured");
        server().allow("measured", BucketLogins.documented());
        try (RemoteStore store = open("measured", "writes", "deletes")) {
            assertEquals(
                    "locks nothing by itself", store.deletions().bucketLock().words());
            server().lock("measured", "COMPLIANCE", 1);
            assertEquals(new BucketLock("COMPLIANCE", 1), store.deletions().bucketLock());
            server().lock("measured", "GOVERNANCE", 30);
            assertEquals(new BucketLock("GOVERNANCE", 30), store.deletions().bucketLock());
            assertEquals(Optional.empty(), store.doubt());
        }
        server().bucket("single");
        server().allow("single", BucketLogins.documented());
        try (RemoteStore store = open("single", "all", null)) {
            assertEquals(
                    "locks nothing by itself", store.deletions().bucketLock().words());
            assertEquals(Optional.empty(), store.doubt());
            StoreContract.put(store, "x/1", new byte[9]);
            assertThrows(Failure.Conflict.class, () -> StoreContract.put(store, "x/1", new byte[10]));
            store.delete("x/1");
            assertEquals(List.of(), server().versions("single", BELOW));
        }
    }

    @Test
    void whatIsDeletedAndNotLockedIsGoneByTheServersOwnList() {
        byte[] content = StoreContract.content(1000, 3);
        for (int i = 0; i < 12; i++) {
            StoreContract.put(store(), "shop/main/x/part/" + i, content);
        }
        StoreContract.put(store(), "shop/main/x/base", StoreContract.content(9_000_000, 4));
        StoreContract.put(store(), "shop/main/x/manifest.json", content);
        StoreContract.put(store(), "shop/main/y/manifest.json", content);
        store().replace("shop/main/x/manifest.json", StoreContract.content(500, 4));
        assertEquals(15, versions(VERSIONS, "shop/main/x/").size());
        store().deleteFolder("shop/main/x");
        assertEquals(List.of(), versions(VERSIONS, "shop/main/x/"));
        assertEquals(1, versions(VERSIONS, "shop/main/y/").size(), "others are not touched");
        store().deleteFolder("shop");
    }

    @Test
    void whatIsLockedIsHiddenAndFreedAfterItsLock() {
        byte[] content = StoreContract.content(1000, 3);
        try (RemoteStore store = open(GOVERNED, "writes", "deletes")) {
            for (int i = 0; i < 3; i++) {
                StoreContract.put(store, "shop/main/x/part/" + i, content);
            }
            StoreContract.put(store, "shop/main/x/base", StoreContract.content(9_000_000, 4));
            StoreContract.put(store, "shop/main/x/manifest.json", content);
            store.deleteFolder("shop/main/x");
            assertEquals(List.of(), store.list("shop/main/x/"));
            assertEquals(5, store.taking("shop/main/x/").size());
            Instant until = store.lock("shop/main/x/").orElseThrow().until();
            assertTrue(until != null && Duration.between(Instant.now(), until).toHours() >= 47, () -> "" + until);
            List<RadosGateway.Version> kept = versions(GOVERNED, "shop/main/x/");
            assertEquals(10, kept.size(), kept::toString);
            store.deleteFolder("shop/main/x");
            assertEquals(kept, versions(GOVERNED, "shop/main/x/"), "no more of them each night");

            kept.stream()
                    .filter(version -> !version.marker())
                    .forEach(version -> server().endLock(GOVERNED, version).succeeded());
            Eventually.isTrue("what was locked is freed", Duration.ofSeconds(30), () -> {
                store.deleteFolder("shop/main/x");
                return versions(GOVERNED, "shop/main/x/").isEmpty();
            });
            assertEquals(Optional.empty(), store.lock("shop/main/x/"));
        }
    }

    @Test
    void onlyTheSecondLoginDeletes() throws Exception {
        byte[] content = StoreContract.content(1000, 3);
        try (RemoteStore both = open(VERSIONS, "writes", "deletes");
                RemoteStore first = open(VERSIONS, "writes", null)) {
            StoreContract.put(both, "two/main/x/manifest.json", content);
            assertFalse(first.deletions().areOpenToWriter("two/main/x/manifest.json"));
            Failure said = assertThrows(Failure.Fatal.class, () -> first.deleteFolder("two/main/x"));
            assertTrue(said.getMessage().contains("AccessDenied"), said.getMessage());
            assertArrayEquals(content, StoreContract.get(both, "two/main/x/manifest.json"));
            assertEquals(1, versions(VERSIONS, "two/").size());
            both.deleteFolder("two/main/x");
            assertEquals(List.of(), versions(VERSIONS, "two/"));
        }
    }

    @Test
    void whetherTheFirstLoginDeletesForGoodIsSeenInALockedBucketToo() {
        for (String bucket : List.of(VERSIONS, GOVERNED)) {
            try (RemoteStore both = open(bucket, "writes", "deletes");
                    RemoteStore open = open(bucket, "all", "deletes")) {
                StoreContract.put(both, "good/x", new byte[9]);
                assertFalse(both.deletions().areOpenToWriterForGood("good/x"), "nothing is deleted so far");
                both.delete("good/x");
                assertFalse(both.deletions().areOpenToWriterForGood("good/x"));
                assertEquals(OptionalLong.empty(), both.size("good/x"));
                assertTrue(open.deletions().areOpenToWriterForGood("good/x"));
                assertEquals(OptionalLong.of(9), both.size("good/x"), "it is there again");
            }
        }
    }

    @Test
    void aLoginThatMayNotDeleteVersionsIsNotTakenForALock() {
        StoreContract.put(store(), "hidden/main/z/manifest.json", new byte[10]);
        try (RemoteStore weak = open(VERSIONS, "hides", null)) {
            Failure said = assertThrows(Failure.Fatal.class, () -> weak.deleteFolder("hidden/main/z"));
            assertTrue(said.getMessage().contains("shows no lock"), said.getMessage());
        }
        store().deleteFolder("hidden/main/z");
        assertEquals(List.of(), versions(VERSIONS, "hidden/"));
    }

    @Test
    void aDeletedNameIsTakenAgain() throws Exception {
        for (int bytes : new int[] {1000, 9_000_000}) {
            byte[] content = StoreContract.content(bytes, 5);
            StoreContract.put(store(), "again/x", content);
            store().delete("again/x");
            StoreContract.put(store(), "again/x", content);
            assertArrayEquals(content, StoreContract.get(store(), "again/x"));
            assertThrows(Failure.Conflict.class, () -> StoreContract.put(store(), "again/x", content));
            store().deleteFolder("again");
        }
        assertEquals(List.of(), versions(VERSIONS, "again/"));
    }

    @Test
    void aWrongSecretAndAMissingBucketStopTheRunInTheServersWords() {
        RemoteAddress address = address(VERSIONS, "all");
        try (RemoteStore wrong =
                RemoteStore.open("store offsite", address, () -> "another", null, ForbiddenAddresses.STANDARD)) {
            Failure said = assertThrows(Failure.Fatal.class, () -> StoreContract.put(wrong, "a", new byte[1]));
            assertTrue(said.getMessage().contains("SignatureDoesNotMatch"), said.getMessage());
            assertThrows(Failure.Fatal.class, () -> wrong.list(""));
            assertThrows(Failure.class, wrong.deletions()::bucketLock);
        }
        try (RemoteStore nowhere = open("no-such-bucket", "all", null)) {
            Failure said = assertThrows(Failure.Fatal.class, () -> StoreContract.put(nowhere, "a", new byte[1]));
            assertTrue(said.getMessage().contains("NoSuchBucket"), said.getMessage());
            assertThrows(Failure.Fatal.class, nowhere::doubt);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 30_000_000, 60_000_000})
    void aServerThatDiesUnderAnUploadLeavesNoObject(int bytes) {
        String name = "killed/in/mid-" + bytes + "/x";
        byte[] content = StoreContract.content(bytes, 3);
        try (Store.Upload upload = store().create(name)) {
            upload.write(content, 0, bytes / 2);
            server().kill();
            Failure said = assertThrows(Failure.Retryable.class, () -> {
                upload.write(content, bytes / 2, bytes - bytes / 2);
                upload.commit();
            });
            assertTrue(said.getMessage().startsWith("The store offsite cannot be used: "), said.getMessage());
        } finally {
            server().restart();
        }
        assertEquals(OptionalLong.empty(), store().size(name));
        assertEquals(List.of(), versions(VERSIONS, "killed/"));
        StoreContract.put(store(), name, content);
        assertEquals(OptionalLong.of(bytes), store().size(name));
        store().deleteFolder("killed");
        assertEquals(List.of(), versions(VERSIONS, "killed/"));
    }
}
