package dev.nightshift.access.openid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import dev.nightshift.kernel.Trust;
import dev.nightshift.testing.Certificates;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A provider that misbehaves, which the real one does not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BoundedHttpTest {
    private static final Duration LONGEST = Duration.ofSeconds(2);

    private final CountDownLatch over = new CountDownLatch(1);
    private LocalHttps server;
    private BoundedHttp http;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        server = new LocalHttps(Certificates.create(folder, "127.0.0.1"));
        server.answers("/fine", exchange -> LocalHttps.json(exchange, 200, "{\"a\":\"ä\"}"));
        server.answers("/long", exchange -> LocalHttps.json(exchange, 200, "x".repeat(BoundedHttp.MOST_BYTES + 1)));
        server.answers("/elsewhere", exchange -> {
            exchange.getResponseHeaders().set("Location", "/fine");
            LocalHttps.json(exchange, 302, "");
        });
        server.answers("/silent", exchange -> await());
        server.answers("/stalling", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            await();
        });
        http = new BoundedHttp(Trust.in(server.rootCertificate()), LONGEST);
    }

    private void await() {
        try {
            over.await(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterAll
    void stop() {
        over.countDown();
        server.close();
    }

    private HTTPResponse get(String path) throws IOException {
        return get(http, server.address().resolve(path));
    }

    private static HTTPResponse get(BoundedHttp http, URI address) throws IOException {
        return new HTTPRequest(HTTPRequest.Method.GET, address).send(http);
    }

    @Test
    void anAnswerInOrderIsReadAndARedirectIsNotFollowed() throws IOException {
        assertEquals("{\"a\":\"ä\"}", get("/fine").getBody());
        assertEquals(302, get("/elsewhere").getStatusCode());
    }

    @Test
    void anAnswerThatIsTooLongOrNeverEndsIsGivenUp() {
        IOException tooLong = assertThrows(IOException.class, () -> get("/long"));
        assertTrue(String.valueOf(tooLong.getMessage()).contains("longer than"), tooLong.getMessage());
        long began = System.nanoTime();
        assertThrows(IOException.class, () -> get("/silent"));
        assertThrows(IOException.class, () -> get("/stalling"));
        assertTrue(System.nanoTime() - began < LONGEST.multipliedBy(4).toNanos());
    }

    @Test
    void whoseCertificateIsNotKnownAndWhatIsNoHttpsIsNotAsked() throws Exception {
        BoundedHttp usual = new BoundedHttp(Trust.usual(), LONGEST);
        URI fine = server.address().resolve("/fine");
        IOException unknown = assertThrows(IOException.class, () -> get(usual, fine));
        assertTrue(String.valueOf(unknown.getMessage()).contains("SSLHandshakeException"), unknown.getMessage());
        URI plain = URI.create(fine.toString().replace("https", "http"));
        IOException refused = assertThrows(IOException.class, () -> get(http, plain));
        assertTrue(String.valueOf(refused.getMessage()).contains("not an https address"), refused.getMessage());
    }
}
