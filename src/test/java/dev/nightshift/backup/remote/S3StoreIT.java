package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.testing.S3Server;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A bucket behind a server that speaks S3, and what is said when that server refuses, is away, or dies. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class S3StoreIT implements StoreContract {
    private S3Server server;
    private RemoteStore store;

    @BeforeAll
    void open(@TempDir Path folder) {
        server = S3Server.start(folder);
        store = open(S3Server.BUCKET, server.endpoint(), S3Server.SECRET);
    }

    private static RemoteStore open(String bucket, String endpoint, String secret) {
        var address =
                new RemoteAddress(RemoteAddress.Provider.S3, bucket, endpoint, null, "nightshift/prod", S3Server.KEY);
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
    void objectsLieBelowThePrefixWithTheirBytes() throws IOException {
        byte[] content = StoreContract.content(9_000_000, 5);
        StoreContract.put(store, "shop/main/x/base.tar/0001", content);
        assertArrayEquals(
                content, Files.readAllBytes(server.bucket().resolve("nightshift/prod/shop/main/x/base.tar/0001")));
        store.deleteFolder("shop/main/x");
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 30_000_000, 60_000_000})
    void aServerThatDiesUnderAnUploadLeavesNoObject(int bytes) {
        String name = "killed/in/mid-" + bytes + "/x";
        byte[] content = StoreContract.content(bytes, 3);
        try (Store.Upload upload = store.create(name)) {
            upload.write(content, 0, bytes / 2);
            server.kill();
            Failure said = assertThrows(Failure.Retryable.class, () -> {
                upload.write(content, bytes / 2, bytes - bytes / 2);
                upload.commit();
            });
            assertTrue(said.getMessage().startsWith("The store offsite cannot be used: "), said.getMessage());
            assertFalse(said.getMessage().contains("http"), said.getMessage());
        } finally {
            server.restart();
        }
        assertEquals(OptionalLong.empty(), store.size(name));
        assertEquals(List.of(), store.list("killed/"));
        StoreContract.put(store, name, content);
        assertEquals(OptionalLong.of(bytes), store.size(name));
        store.deleteFolder("killed");
    }

    @Test
    void whereNoMemoryIsLeftObjectsGoPartAfterPartAndMemoryComesBack() throws IOException {
        var address = new RemoteAddress(
                RemoteAddress.Provider.S3, S3Server.BUCKET, server.endpoint(), null, "narrow", S3Server.KEY);
        Semaphore memory = new Semaphore(4096);
        try (RemoteStore narrow = RemoteStore.open(
                "store narrow", address, () -> S3Server.SECRET, null, ForbiddenAddresses.STANDARD, memory)) {
            for (int bytes : List.of(50_000, 1_000_000, 3_000_000, 20_000_000)) {
                byte[] content = StoreContract.content(bytes, bytes);
                StoreContract.put(narrow, "a/b/c/" + bytes, content);
                assertArrayEquals(content, StoreContract.get(narrow, "a/b/c/" + bytes));
                assertThrows(Failure.Conflict.class, () -> StoreContract.put(narrow, "a/b/c/" + bytes, content(bytes)));
                assertEquals(4096, memory.availablePermits());
            }
            try (Store.Upload first = narrow.create("a/b/c/first");
                    Store.Upload second = narrow.create("a/b/c/second")) {
                byte[] content = StoreContract.content(1_500_000, 9);
                StoreContract.write(first, content);
                StoreContract.write(second, content);
                second.commit();
                assertArrayEquals(content, StoreContract.get(narrow, "a/b/c/second"));
                assertEquals(OptionalLong.empty(), narrow.size("a/b/c/first"));
            }
            assertEquals(4096, memory.availablePermits());
        }
    }

    /** Another one than was stored. */
    private static byte[] content(int bytes) {
        return StoreContract.content(bytes, 1);
    }

    @Test
    void aServerThatIsAwayIsWorthTryingAgain() {
        try (RemoteStore away = open(S3Server.BUCKET, "http://127.0.0.1:1", S3Server.SECRET)) {
            for (Runnable work : List.<Runnable>of(
                    () -> StoreContract.put(away, "a", new byte[1]),
                    () -> away.read("a"),
                    () -> away.size("a"),
                    () -> away.list(""))) {
                Failure said = assertThrows(Failure.Retryable.class, work::run);
                assertTrue(said.getMessage().contains("Connection refused"), said.getMessage());
                assertFalse(said.getMessage().contains(S3Server.SECRET));
            }
        }
    }

    @Test
    void aWrongSecretAndAMissingBucketStopTheRunInTheServersWords() {
        try (RemoteStore wrong = open(S3Server.BUCKET, server.endpoint(), "another-secret-entirely")) {
            Failure said = assertThrows(Failure.Fatal.class, () -> StoreContract.put(wrong, "a", new byte[1]));
            assertEquals(
                    "The store offsite refuses: SignatureDoesNotMatch, The request signature we calculated does not match the"
                            + " signature you provided. Check your key and signing method (list a).",
                    said.getMessage());
            assertTrue(Objects.requireNonNull(said.remedy()).contains("account"));
            assertThrows(Failure.Fatal.class, () -> wrong.size("a"));
            assertThrows(Failure.Fatal.class, () -> wrong.list(""));
        }
        try (RemoteStore nowhere = open("no-such-bucket", server.endpoint(), S3Server.SECRET)) {
            Failure said = assertThrows(Failure.Fatal.class, () -> StoreContract.put(nowhere, "a", new byte[1]));
            assertTrue(said.getMessage().contains("NoSuchBucket"), said.getMessage());
            assertThrows(Failure.Fatal.class, () -> nowhere.list(""));
        }
    }

    @Test
    void whatIsRenewedMeanwhileOpensTheStore() throws IOException {
        var address =
                new RemoteAddress(RemoteAddress.Provider.S3, S3Server.BUCKET, server.endpoint(), null, "renewed", "");
        AtomicReference<String> secret = new AtomicReference<>(temporary("wrong"));
        byte[] content = StoreContract.content(1000, 4);
        try (RemoteStore renewed =
                RemoteStore.open("store renewed", address, secret::get, null, ForbiddenAddresses.STANDARD)) {
            assertThrows(Failure.Fatal.class, () -> StoreContract.put(renewed, "a/b", content));
            secret.set("{\"AccessKeyId\":");
            assertThrows(Failure.Skippable.class, renewed::renew);
            secret.set(temporary(S3Server.SECRET));
            renewed.renew();
            StoreContract.put(renewed, "a/b", content);
            secret.set("{");
            assertArrayEquals(content, StoreContract.get(renewed, "a/b")); // what is at work keeps what it has
        }
    }

    private static String temporary(String secret) {
        return "{\n \"AccessKeyId\": \"" + S3Server.KEY + "\",\n \"SecretAccessKey\": \"" + secret
                + "\",\n \"Expiration\": \"2999-01-01T00:00:00Z\"\n}";
    }

    /** The server of these tests knows no sessions, so this looks at what is sent. */
    @Test
    void aSessionsTokenGoesAlong() throws IOException {
        Set<String> seen = ConcurrentHashMap.newKeySet();
        HttpServer listening = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        listening.createContext("/", exchange -> {
            seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("x-amz-security-token")));
            exchange.sendResponseHeaders(403, -1);
            exchange.close();
        });
        listening.start();
        var address = new RemoteAddress(
                RemoteAddress.Provider.S3,
                "bucket",
                "http://127.0.0.1:" + listening.getAddress().getPort(),
                null,
                "",
                "");
        String secret = "{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"key\",\"SessionToken\":\"the-token\"}";
        try (RemoteStore sessions =
                RemoteStore.open("store sessions", address, () -> secret, null, ForbiddenAddresses.STANDARD)) {
            Failure said = assertThrows(Failure.Fatal.class, () -> sessions.list(""));
            assertFalse(said.getMessage().contains("the-token"), said.getMessage());
        } finally {
            listening.stop(0);
        }
        assertEquals(Set.of("the-token"), seen);
    }

    @Test
    void whereTheInstallationNeverConnectsToNoStoreLies() {
        var address = new RemoteAddress(
                RemoteAddress.Provider.S3, "bucket", "https://169.254.169.254", null, "", S3Server.KEY);
        Failure said = assertThrows(
                Failure.Fatal.class,
                () -> RemoteStore.open("store x", address, () -> "secret", null, ForbiddenAddresses.STANDARD));
        assertTrue(said.getMessage().contains("forbids"), said.getMessage());
    }
}
