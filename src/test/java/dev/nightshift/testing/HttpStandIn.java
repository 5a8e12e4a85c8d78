package dev.nightshift.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** What the stand-ins of services for keys have in common: a server on the loopback that is slow, fails or is cut off as a test says. */
abstract class HttpStandIn implements AutoCloseable {
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile long slowMillis;

    /** @param headers besides the content's type */
    record Answer(int status, String type, String body, Map<String, String> headers) {
        Answer(int status, String type, String body) {
            this(status, type, body, Map.of());
        }
    }

    /** @param port 0 for any that is free */
    HttpStandIn(int port) {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The last thing that a constructor does. */
    final void listen() {
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                handle(exchange);
            }
        });
        server.start();
    }

    abstract Answer answered(HttpExchange exchange, byte[] body) throws GeneralSecurityException;

    /** To what it did not expect. */
    abstract Answer confused(Exception unexpected);

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        Answer answer;
        try {
            Thread.sleep(slowMillis);
            answer = answered(exchange, body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } catch (RuntimeException | GeneralSecurityException e) {
            answer = confused(e);
        }
        byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", answer.type());
        answer.headers().forEach(exchange.getResponseHeaders()::set);
        exchange.sendResponseHeaders(answer.status(), bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    public final int port() {
        return server.getAddress().getPort();
    }

    public final String endpoint() {
        return "http://127.0.0.1:" + port();
    }

    public final void slow(long millis) {
        slowMillis = millis;
    }

    /** What each request that was let in wanted, with what it bound. */
    public final List<String> asked() {
        return asked;
    }

    final void failNext(int times) {
        failures.set(times);
    }

    /** Whether this request is one of those that are to fail. */
    final boolean isToFail() {
        return failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    }

    @Override
    public final void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
