package dev.nightshift.testing;

import dev.nightshift.runtime.tls.ServedCertificate;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Speaks HTTP with a running Nightshift, as one caller; believes any certificate. */
public final class Api {
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .sslContext(ServedCertificate.believingAny())
            .connectTimeout(Duration.ofSeconds(5))
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    /** Everything that was answered to any test, for the test that looks for secrets in it. */
    private static final List<String> ANSWERS = new CopyOnWriteArrayList<>();

    private final URI base;
    private final Map<String, String> headers;

    private Api(URI base, Map<String, String> headers) {
        this.base = base;
        this.headers = headers;
    }

    /** What it sends with: for what is no plain request, such as a socket. */
    public static HttpClient client() {
        return CLIENT;
    }

    /** Without any login. */
    public static Api at(URI base) {
        return new Api(base, Map.of());
    }

    /** An object to send, with ' for each ". */
    public static JsonObject json(String text) {
        try (var reader = Json.createReader(new StringReader(text.replace('\'', '"')))) {
            return reader.readObject();
        }
    }

    /** With a header on every request. */
    public Api with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new Api(base, more);
    }

    public Api withKey(String key) {
        return with("Authorization", "Bearer " + key);
    }

    /** What every request of this caller carries under that name. */
    public String header(String name) {
        return java.util.Objects.requireNonNull(headers.get(name), name);
    }

    public URI base() {
        return base;
    }

    /** What came back. */
    public record Answer(String request, int status, HttpHeaders headers, String body) {
        /** Itself; an AssertionError if the status is another one. */
        public Answer expect(int expected) {
            if (status != expected) {
                throw new AssertionError(request + " answered " + status + " instead of " + expected + ": "
                        + body.substring(0, Math.min(1_000, body.length())));
            }
            return this;
        }

        public JsonObject object() {
            try (var reader = Json.createReader(new StringReader(body))) {
                return reader.readObject();
            }
        }

        public JsonArray array() {
            try (var reader = Json.createReader(new StringReader(body))) {
                return reader.readArray();
            }
        }

        public List<JsonObject> items() {
            return object().getJsonArray("items").getValuesAs(JsonObject.class);
        }

        public @Nullable String header(String name) {
            return headers.firstValue(name).orElse(null);
        }
    }

    public Answer get(String path) {
        return send("GET", path, null);
    }

    public Answer post(String path, JsonValue body) {
        return send("POST", path, body.toString());
    }

    public Answer post(String path) {
        return send("POST", path, null);
    }

    public Answer put(String path, JsonValue body) {
        return send("PUT", path, body.toString());
    }

    public Answer delete(String path) {
        return send("DELETE", path, null);
    }

    public Answer send(String method, String path, @Nullable String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path)).timeout(Duration.ofSeconds(60));
        headers.forEach(request::header);
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.method(method, HttpRequest.BodyPublishers.ofString(body));
            if (!headers.containsKey("Content-Type")) {
                request.header("Content-Type", "application/json");
            }
        }
        try {
            HttpResponse<String> response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
            ANSWERS.add(response.headers().map() + "\n" + response.body());
            return new Answer(method + " " + path, response.statusCode(), response.headers(), response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(method + " " + path + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public static List<String> answersSoFar() {
        return List.copyOf(ANSWERS);
    }
}
