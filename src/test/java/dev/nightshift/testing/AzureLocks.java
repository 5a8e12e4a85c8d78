package dev.nightshift.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Immutability, which Azurite has none of, in front of it: what a policy or a hold refuses is answered as Microsoft documents it
 * (learn.microsoft.com, "Blob Storage error codes", "Get Container Properties", "List Blobs"), all else by Azurite, which checks the
 * signatures. What it cannot show is how Azure itself behaves.
 */
public final class AzureLocks implements AutoCloseable {
    private static final Pattern BATCHED = Pattern.compile("DELETE \\S+ HTTP");

    /** What the client says by itself. */
    private static final Set<String> OWN = Set.of("host", "connection", "content-length", "expect", "upgrade");

    private final HttpClient client = HttpClient.newHttpClient();
    private final ExecutorService threads = Executors.newFixedThreadPool(8);
    private final AzureServer azure;
    private final HttpServer server;
    private volatile boolean policy;
    private volatile boolean legalHold;
    private volatile boolean versions;
    private volatile @Nullable Instant until;

    public AzureLocks(AzureServer azure) {
        this.azure = azure;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                handle(exchange);
            }
        });
        server.start();
    }

    public String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + AzureServer.ACCOUNT;
    }

    /** What the container has; both refuse that anything in it is deleted or replaced. */
    public void container(boolean immutabilityPolicy, boolean hold) {
        policy = immutabilityPolicy;
        legalHold = hold;
    }

    /** Whether the container locks versions each by itself. */
    public void versionLevel(boolean now) {
        versions = now;
    }

    /** Until when each blob shows that it is locked; null for none. */
    public void blobs(@Nullable Instant lockedUntil) {
        until = lockedUntil;
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String query = String.valueOf(exchange.getRequestURI().getRawQuery());
        boolean ofBlob = !exchange.getRequestURI().getPath().endsWith("/" + AzureServer.CONTAINER);
        boolean locked = policy || legalHold || until != null;
        if (locked && ofBlob && exchange.getRequestMethod().equals("DELETE")) {
            answer(exchange, 409, "application/xml", refusal().getBytes(StandardCharsets.UTF_8));
            return;
        }
        if (locked && query.contains("comp=batch")) {
            answer(exchange, 202, "multipart/mixed; boundary=answers", batch(new String(body, StandardCharsets.UTF_8)));
            return;
        }
        boolean replaces = ofBlob
                && exchange.getRequestMethod().equals("PUT")
                && exchange.getRequestHeaders().getFirst("If-None-Match") == null;
        if (locked && replaces) {
            answer(exchange, 409, "application/xml", refusal().getBytes(StandardCharsets.UTF_8));
            return;
        }
        HttpResponse<byte[]> said = passed(exchange, body);
        said.headers().map().forEach((name, values) -> {
            if (!OWN.contains(name.toLowerCase(Locale.ROOT)) && !name.equalsIgnoreCase("transfer-encoding")) {
                values.forEach(value -> exchange.getResponseHeaders().add(name, value));
            }
        });
        if (!ofBlob && exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("x-ms-has-immutability-policy", Boolean.toString(policy));
            exchange.getResponseHeaders().set("x-ms-has-legal-hold", Boolean.toString(legalHold));
            exchange.getResponseHeaders()
                    .set("x-ms-immutable-storage-with-versioning-enabled", Boolean.toString(versions));
        }
        byte[] content = said.body();
        Instant end = until;
        if (end != null && query.contains("immutabilitypolicy")) {
            content = new String(content, StandardCharsets.UTF_8)
                    .replace(
                            "<Properties>",
                            "<Properties><ImmutabilityPolicyUntilDate>"
                                    + DateTimeFormatter.RFC_1123_DATE_TIME.format(end.atOffset(ZoneOffset.UTC))
                                    + "</ImmutabilityPolicyUntilDate><ImmutabilityPolicyMode>locked</ImmutabilityPolicyMode>")
                    .getBytes(StandardCharsets.UTF_8);
        }
        if (exchange.getRequestMethod().equals("HEAD")) {
            said.headers()
                    .firstValue("content-length")
                    .ifPresent(length -> exchange.getResponseHeaders().set("Content-Length", length));
            exchange.sendResponseHeaders(said.statusCode(), -1);
            return;
        }
        exchange.sendResponseHeaders(said.statusCode(), content.length == 0 ? -1 : content.length);
        exchange.getResponseBody().write(content);
    }

    private HttpResponse<byte[]> passed(HttpExchange exchange, byte[] body) throws IOException {
        URI asked = exchange.getRequestURI();
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(azure.endpoint().replaceFirst("/[^/]+$", "")
                                + asked.getRawPath()
                                + (asked.getRawQuery() == null ? "" : "?" + asked.getRawQuery())))
                .timeout(Duration.ofMinutes(1))
                .method(
                        exchange.getRequestMethod(),
                        body.length == 0
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!OWN.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
            }
        });
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private String refusal() {
        return "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>"
                + (legalHold ? "BlobImmutableDueToLegalHold" : "BlobImmutableDueToPolicy")
                + "</Code><Message>This operation is not permitted as the blob is immutable.</Message></Error>";
    }

    /** Refuses each. */
    private byte[] batch(String body) {
        StringBuilder answers = new StringBuilder();
        Matcher deleted = BATCHED.matcher(body);
        for (int count = 0; deleted.find(); count++) {
            answers.append("--answers\r\nContent-Type: application/http\r\nContent-ID: ")
                    .append(count)
                    .append("\r\n\r\nHTTP/1.1 409 Conflict\r\nContent-Type: application/xml\r\nContent-Length: ")
                    .append(refusal().length())
                    .append("\r\n\r\n")
                    .append(refusal())
                    .append("\r\n");
        }
        return (answers + "--answers--\r\n").getBytes(StandardCharsets.UTF_8);
    }

    private static void answer(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
