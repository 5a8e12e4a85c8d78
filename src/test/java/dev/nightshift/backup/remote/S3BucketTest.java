package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is made of answers that no server gives on request: cut off, slow, or about some objects alone. */
class S3BucketTest {
    private static final List<S3Bucket.Version> THREE = List.of(version("1"), version("2"), version("3"));

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> answers = new ConcurrentLinkedQueue<>();
    private HttpServer server;

    private static S3Bucket.Version version(String name) {
        return new S3Bucket.Version(name, "v" + name, true, false, 1, Instant.EPOCH);
    }

    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                asked.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                answer(exchange, String.valueOf(answers.poll()));
            }
        });
        server.start();
    }

    /** Its status, then its text. */
    private static void answer(HttpExchange exchange, String answer) throws IOException {
        String[] parts = answer.split(" ", 2);
        byte[] text = parts[1].getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(Integer.parseInt(parts[0]), text.length);
        exchange.getResponseBody().write(text);
    }

    @AfterEach
    void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private S3Bucket bucket(Duration patience) {
        return new S3Bucket(new S3Requests(
                "store offsite",
                Map.of(
                        "endpoint",
                        "http://127.0.0.1:" + server.getAddress().getPort(),
                        "bucket",
                        "b",
                        "root",
                        "/p",
                        "region",
                        "us-east-1",
                        "access_key_id",
                        "id",
                        "secret_access_key",
                        "secret"),
                patience));
    }

    private static String errors(String... codesByName) {
        StringBuilder text = new StringBuilder("200 <DeleteResult>");
        for (int at = 0; at < codesByName.length; at += 2) {
            text.append("<Error><Key>p/")
                    .append(codesByName[at])
                    .append("</Key><VersionId>v")
                    .append(codesByName[at])
                    .append("</VersionId><Code>")
                    .append(codesByName[at + 1])
                    .append("</Code></Error>");
        }
        return text.append("</DeleteResult>").toString();
    }

    @Test
    void whatTheServiceHasNoTimeForIsAskedAgainAndNothingElse() {
        answers.add(errors("1", "SlowDown", "2", "AccessDenied"));
        answers.add(errors());
        assertEquals(
                Map.of(THREE.get(1), "AccessDenied"),
                bucket(Duration.ofSeconds(20)).delete(THREE));
        List<String> requests = List.copyOf(asked);
        assertEquals(2, requests.size());
        assertTrue(
                requests.get(1).contains("<Key>p/1</Key>") && !requests.get(1).contains("<Key>p/2</Key>"));
    }

    @Test
    void whatIsNotThereSaysNothingOfALoginThatWouldDeleteIt() {
        answers.add("404 <Error><Code>NoSuchBucket</Code></Error>");
        assertThrows(Failure.class, () -> bucket(Duration.ofSeconds(20)).deleteAlone(THREE.get(0)));
        answers.add("403 <Error><Code>AccessDenied</Code></Error>");
        assertFalse(bucket(Duration.ofSeconds(20)).deleteAlone(THREE.get(0)));
    }

    @Test
    void whatTheServiceNeverHasTimeForIsWorthTryingLater() {
        for (int i = 0; i < 3; i++) {
            answers.add(errors("1", "SlowDown", "3", "InternalError"));
        }
        Failure said = assertThrows(
                Failure.Retryable.class, () -> bucket(Duration.ofSeconds(20)).delete(THREE));
        assertEquals("The store offsite has no time to delete 2 versions (delete versions).", said.getMessage());
        assertEquals(3, asked.size());
    }

    @Test
    void aRequestThatIsRefusedAsAWholeIsRefusedForEach() {
        answers.add("403 <Error><Code>AccessDenied</Code></Error>");
        assertEquals(3, bucket(Duration.ofSeconds(20)).delete(THREE).size());
        answers.add("429 <Error><Code>TooManyRequests</Code></Error>");
        answers.add(errors());
        assertEquals(Map.of(), bucket(Duration.ofSeconds(20)).delete(THREE));
        assertEquals(3, asked.size());
    }

    @Test
    void anAnswerThatNeverEndsIsGivenUp() {
        AtomicInteger begun = new AtomicInteger();
        server.removeContext("/");
        server.createContext("/", exchange -> {
            begun.incrementAndGet();
            exchange.sendResponseHeaders(200, 1000);
            try {
                for (int i = 0; i < 1000; i++) {
                    exchange.getResponseBody().write(' ');
                    exchange.getResponseBody().flush();
                    Thread.sleep(100);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Failure said = assertTimeoutPreemptively(
                Duration.ofSeconds(30),
                () -> assertThrows(
                        Failure.Retryable.class,
                        () -> bucket(Duration.ofSeconds(1)).versions("x")));
        assertEquals(
                "The store offsite cannot be reached: HttpTimeoutException (list versions of x).", said.getMessage());
        assertEquals(3, begun.get());
    }
}
