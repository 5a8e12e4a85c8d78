package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is asked of Google's and Azure's services, with logins that are none and services that are others. */
class ObjectLocksTest {
    private static final String REFUSAL =
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>BlobImmutableDueToPolicy</Code>"
                    + "<Message>The blob is immutable.</Message></Error>";

    private final AtomicInteger asked = new AtomicInteger();
    private HttpServer service;
    private volatile int status = 200;
    private volatile String answer = "";

    @BeforeEach
    void start() throws IOException {
        service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        service.createContext("/", exchange -> {
            try (exchange) {
                exchange.getRequestBody().readAllBytes();
                asked.incrementAndGet();
                byte[] text = answer.getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", "application/xml");
                exchange.sendResponseHeaders(status, text.length == 0 ? -1 : text.length);
                exchange.getResponseBody().write(text);
            }
        });
        service.start();
    }

    @AfterEach
    void stop() {
        service.stop(0);
    }

    private String endpoint() {
        return "http://127.0.0.1:" + service.getAddress().getPort();
    }

    private AzureContainer azure(String endpoint, String login, String value) {
        return new AzureContainer(
                "store offsite", () -> Map.of("root", "/", "endpoint", endpoint, "container", "nightly", login, value));
    }

    private GoogleBucket google(String login, String value) {
        return new GoogleBucket(
                "store offsite", () -> Map.of("root", "/", "endpoint", endpoint(), "bucket", "nightly", login, value));
    }

    @Test
    void whatOpensTheStoreIsInNoErrorThatItMakes() {
        for (ObjectLocks locks : List.of(
                azure(endpoint(), "sas_token", "\"se=…&sig=SECRET\""),
                azure("https://acme_store.blob.core.windows.net", "sas_token", "se=1&sig=SECRET"),
                google("token", "\uFEFFSECRET"))) {
            Unanswered said = assertThrows(Unanswered.class, locks::lock);
            assertNotNull(said.remedy());
            for (Throwable each = said; each != null; each = each.getCause()) {
                assertFalse(each.toString().contains("SECRET"), each::toString);
                assertEquals(0, each.getSuppressed().length);
            }
        }
        assertEquals(0, asked.get());
    }

    @Test
    void aListWhosePagesComeAgainIsNoAnswer() {
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            answer = "{\"nextPageToken\":\"a\"}";
            Unanswered said =
                    assertThrows(Unanswered.class, () -> google("token", "t").locked("shop/"));
            assertEquals("its list does not end", said.getMessage());
            answer = "<EnumerationResults><Blobs/><NextMarker>a</NextMarker></EnumerationResults>";
            said = assertThrows(
                    Unanswered.class,
                    () -> azure(endpoint(), "sas_token", "sig=x").locked("shop/"));
            assertEquals("its list does not end", said.getMessage());
        });
        assertEquals(4, asked.get());
    }

    @Test
    void whatDoesNotAnswerAsABucketIsNotOneWithoutLock() {
        answer = "{}";
        assertThrows(Unanswered.class, google("token", "t")::lock);
    }

    @Test
    void aRefusalOfTheLoginIsNoLock() {
        ObjectLocks azure = azure(endpoint(), "sas_token", "sig=x");
        ObjectLocks google = google("token", "t");
        for (String code : List.of(
                "AuthorizationPermissionMismatch",
                "AuthorizationFailure",
                "AuthenticationFailed",
                "AuthorizationResourceTypeMismatch")) {
            assertTrue(azure.isOfLogin(new Failure.Unusable(code + ", no.", null, null)), code);
        }
        assertFalse(azure.isOfLogin(new Failure.Unusable("BlobImmutableDueToPolicy, no.", null, null)));
        assertTrue(
                google.isOfLogin(new Failure.Unusable("x does not have storage.objects.delete access.", null, null)));
        assertFalse(google.isOfLogin(new Failure.Unusable("subject to bucket's retention policy", null, null)));
    }

    @Test
    void afterManyRefusalsInARowTheYoungerOnesAreNotTried() {
        status = 409;
        answer = REFUSAL;
        var address = new RemoteAddress(RemoteAddress.Provider.AZBLOB, "nightly", endpoint(), null, "", "acme");
        try (RemoteStore store =
                RemoteStore.open("store offsite", address, () -> "c2VjcmV0", null, ForbiddenAddresses.STANDARD)) {
            store.deleteUnlocked(IntStream.range(0, 250)
                    .mapToObj(i -> String.format("shop/main/wal/%04d", i))
                    .toList());
        }
        assertEquals(100, asked.get());
    }
}
