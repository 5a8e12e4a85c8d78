package dev.nightshift.access.openid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.nightshift.testing.Certificates;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
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
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpsServer server;
    private BoundedHttp http;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        Certificates certificates = Certificates.create(folder, "127.0.0.1");
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context(certificates)));
        server.setExecutor(threads);
        server.createContext("/fine", exchange -> answer(exchange, 200, "{\"a\":\"ä\"}"));
        server.createContext("/long", exchange -> answer(exchange, 200, "x".repeat(BoundedHttp.MOST_BYTES + 1)));
        server.createContext("/elsewhere", exchange -> {
            exchange.getResponseHeaders().set("Location", "/fine");
            answer(exchange, 302, "");
        });
        server.createContext("/silent", exchange -> await());
        server.createContext("/stalling", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            await();
        });
        server.start();
        http = new BoundedHttp(Trust.in(certificates.root()), LONGEST);
    }

    private static SSLContext context(Certificates certificates) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (var pem = Files.newInputStream(certificates.certificate())) {
            Certificate certificate = CertificateFactory.getInstance("X.509").generateCertificate(pem);
            String key = Files.readString(certificates.key()).replaceAll("-----[A-Z ]+-----|\\s", "");
            store.setKeyEntry(
                    "server",
                    KeyFactory.getInstance("RSA")
                            .generatePrivate(
                                    new PKCS8EncodedKeySpec(Base64.getDecoder().decode(key))),
                    new char[0],
                    new Certificate[] {certificate});
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        try (OutputStream stream = exchange.getResponseBody()) {
            stream.write(bytes);
        }
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
        server.stop(0);
        threads.shutdownNow();
    }

    private HTTPResponse get(String path) throws IOException {
        return get(http, URI.create("https://127.0.0.1:" + server.getAddress().getPort() + path));
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
        URI fine = URI.create("https://127.0.0.1:" + server.getAddress().getPort() + "/fine");
        IOException unknown = assertThrows(IOException.class, () -> get(usual, fine));
        assertTrue(String.valueOf(unknown.getMessage()).contains("SSLHandshakeException"), unknown.getMessage());
        URI plain = URI.create(fine.toString().replace("https", "http"));
        IOException refused = assertThrows(IOException.class, () -> get(http, plain));
        assertTrue(String.valueOf(refused.getMessage()).contains("not an https address"), refused.getMessage());
    }
}
