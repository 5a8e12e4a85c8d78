package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.testing.AzureServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A container of Azure Blob Storage. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AzureStoreIT implements StoreContract {
    private AzureServer server;
    private RemoteStore store;

    @BeforeAll
    void open(@TempDir Path folder) {
        server = AzureServer.start(folder);
        store = open(AzureServer.CONTAINER, AzureServer.SECRET);
    }

    private RemoteStore open(String container, String secret) {
        var address = new RemoteAddress(
                RemoteAddress.Provider.AZBLOB,
                container,
                server.endpoint(),
                null,
                "nightshift/prod",
                AzureServer.ACCOUNT);
        return RemoteStore.open("store offsite", address, () -> secret, null, ForbiddenAddresses.STANDARD);
    }

    @AfterAll
    void close() {
        store.close();
        server.close();
    }

    @Override
    public Store store() {
        return store;
    }

    @Test
    void aWrongKeyAndAMissingContainerStopTheRunInTheServersWords() {
        String another = Base64.getEncoder().encodeToString("another key".getBytes(StandardCharsets.UTF_8));
        try (RemoteStore wrong = open(AzureServer.CONTAINER, another)) {
            Failure said = assertThrows(Failure.Fatal.class, () -> StoreContract.put(wrong, "a", new byte[1]));
            assertTrue(said.getMessage().startsWith("The store offsite refuses: "), said.getMessage());
            assertFalse(said.getMessage().contains("http"), said.getMessage());
            assertThrows(Failure.Fatal.class, () -> wrong.size("a"));
        }
        try (RemoteStore nowhere = open("no-such-container", AzureServer.SECRET)) {
            Failure said = assertThrows(Failure.Fatal.class, () -> StoreContract.put(nowhere, "a", new byte[1]));
            assertTrue(said.getMessage().contains("ContainerNotFound"), said.getMessage());
            assertEquals("Check the store's bucket, endpoint and region.", said.remedy());
            assertThrows(Failure.Fatal.class, () -> nowhere.list(""));
            assertThrows(Failure.Fatal.class, () -> nowhere.size("a"));
        }
    }

    @Test
    void whatWritesNeedsNoRightToDeleteWhereAnotherLoginDeletes() throws IOException {
        Instant until = Instant.now().plusSeconds(600);
        byte[] content = StoreContract.content(1000, 4);
        var address = new RemoteAddress(
                RemoteAddress.Provider.AZBLOB,
                AzureServer.CONTAINER,
                server.endpoint(),
                null,
                "nightshift/prod",
                AzureServer.ACCOUNT);
        int[] asked = new int[1];
        var deleting = new RemoteStore.Login(address, () -> {
            asked[0]++;
            return AzureServer.sharedAccess(until, "rdl");
        });
        try (RemoteStore apart = RemoteStore.open(
                "store offsite",
                address,
                () -> AzureServer.sharedAccess(until, "rwlac"),
                deleting,
                ForbiddenAddresses.STANDARD)) {
            StoreContract.put(apart, "apart/x", content);
            assertFalse(apart.deletions().areOpenToWriter("apart/x"));
            assertArrayEquals(content, StoreContract.get(apart, "apart/x"));
            assertEquals(0, asked[0], "its secret is not read before something is deleted");
            apart.deleteFolder("apart");
            assertEquals(List.of(), apart.list("apart/"));
        }
        try (RemoteStore both = open(AzureServer.CONTAINER, AzureServer.sharedAccess(until))) {
            StoreContract.put(both, "apart/y", content);
            assertTrue(both.deletions().areOpenToWriter("apart/y"));
        }
    }

    @Test
    void aSharedAccessSignatureOpensItUntilItExpires() throws IOException {
        byte[] content = StoreContract.content(1000, 4);
        try (RemoteStore lasting = open(
                AzureServer.CONTAINER, AzureServer.sharedAccess(Instant.now().plusSeconds(600)))) {
            StoreContract.put(lasting, "signed/x", content);
            assertArrayEquals(content, StoreContract.get(store, "signed/x"));
            lasting.deleteFolder("signed");
        }
        try (RemoteStore expired = open(
                AzureServer.CONTAINER, AzureServer.sharedAccess(Instant.now().minusSeconds(600)))) {
            Failure said = assertThrows(Failure.Fatal.class, () -> expired.list(""));
            assertFalse(said.getMessage().contains("sig="), said.getMessage());
        }
    }
}
