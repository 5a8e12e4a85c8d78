package dev.nightshift.cli;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A Nightshift over REST, as one caller. What is not a success comes as {@link Trouble}, with the API's own words. */
final class Server {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(60);

    private final Settings settings;
    private final HttpClient client;

    /** Redirects are not followed: the key is for the address that was given, and no other. */
    Server(Settings settings) {
        this.settings = settings;
        HttpClient.Builder builder =
                HttpClient.newBuilder().connectTimeout(CONNECT).version(HttpClient.Version.HTTP_1_1);
        if (settings.caFile() != null) {
            builder.sslContext(Trust.in(settings.caFile()));
        }
        client = builder.build();
    }

    /** A successful answer. */
    record Answer(String body) {
        JsonObject object() {
            return read(body, JsonReader::readObject);
        }

        Facts facts() {
            return new Facts(object());
        }

        JsonArray array() {
            return read(body, JsonReader::readArray);
        }
    }

    Answer get(String path) {
        return send("GET", path, null);
    }

    Answer post(String path, @Nullable JsonObject body) {
        return send("POST", path, body);
    }

    /** The path of something in the project of this command. */
    String inProject(String... segments) {
        StringBuilder path = new StringBuilder("api/projects/").append(segment(settings.neededProject()));
        for (String segment : segments) {
            path.append('/').append(segment(segment));
        }
        return path.toString();
    }

    /** A path with the parameters that have a value. */
    static String query(String path, Map<String, @Nullable String> parameters) {
        StringJoiner query = new StringJoiner("&", path + "?", "").setEmptyValue(path);
        parameters.forEach((name, value) -> {
            if (value != null) {
                query.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
            }
        });
        return query.toString();
    }

    /** A name or an id as one part of a path, whatever stands in it. */
    static String segment(String name) {
        if (name.isBlank() || name.equals(".") || name.equals("..")) {
            throw new Trouble(ExitCode.WRONG_USAGE, "\"" + name + "\" is no name.", null);
        }
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private Answer send(String method, String path, @Nullable JsonObject body) {
        URI uri = settings.url().resolve(path);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(ANSWER)
                .header("Authorization", "Bearer " + settings.key())
                .header("Accept", "application/json, application/problem+json");
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json")
                    .method(method, HttpRequest.BodyPublishers.ofString(body.toString()));
        }
        HttpResponse<String> response;
        try {
            response = client.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw unreachable(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Trouble(ExitCode.NOT_REACHABLE, "Interrupted.", null);
        }
        if (response.statusCode() / 100 != 2) {
            throw refused(response);
        }
        return new Answer(response.body());
    }

    private Trouble unreachable(IOException e) {
        String where = settings.url().toString();
        if (caused(e, CertificateException.class) && !deepest(e).contains("subject alternative")) {
            return new Trouble(
                    ExitCode.NOT_REACHABLE,
                    "The certificate that " + where + " shows is not trusted: " + deepest(e) + ".",
                    "Fetch it (openssl s_client -connect " + settings.url().getRawAuthority()
                            + " </dev/null | openssl x509 > nightshift.pem), compare its fingerprint with the server's,"
                            + " and log in with --ca-file nightshift.pem.");
        }
        if (caused(e, SSLException.class)) {
            return new Trouble(
                    ExitCode.NOT_REACHABLE,
                    "No secure connection to " + where + ": " + deepest(e) + ".",
                    "Is that the HTTPS port, and the host the one that the certificate names?");
        }
        if (e instanceof HttpTimeoutException) {
            return new Trouble(
                    ExitCode.NOT_REACHABLE, where + " did not answer in time.", "Is it busy, or behind a firewall?");
        }
        return new Trouble(
                ExitCode.NOT_REACHABLE,
                e instanceof ConnectException
                        ? "Nobody answers at " + where + "."
                        : "The connection to " + where + " failed: " + deepest(e) + ".",
                "Is Nightshift running, and the address right?");
    }

    /** The problem document's own words, with the field in front; a proxy's answer by its status. */
    private Trouble refused(HttpResponse<String> response) {
        int status = response.statusCode();
        ExitCode code = ExitCode.ofStatus(status);
        String type = response.headers().firstValue("Content-Type").orElse("");
        if (type.startsWith("application/problem+json")) {
            Facts problem = new Answer(response.body()).facts();
            String detail = problem.textOr("detail", problem.textOr("title", "Refused with status " + status + "."));
            return new Trouble(
                    code,
                    problem.text("field").map(field -> field + ": ").orElse("") + detail,
                    problem.text("remedy").orElse(status == 401 ? "Log in again with nightshift login." : null));
        }
        if (status / 100 == 3) {
            return new Trouble(
                    code,
                    settings.url() + " sends on to "
                            + response.headers().firstValue("Location").orElse("another address") + ".",
                    "Log in with the address that it sends to.");
        }
        return new Trouble(
                code,
                settings.url() + " answered with status " + status + ".",
                status == 404 || status == 405 ? "Is that Nightshift, and not an older version?" : null);
    }

    private static <T> T read(String body, Function<JsonReader, T> how) {
        try (JsonReader reader = Json.createReader(new StringReader(body))) {
            return how.apply(reader);
        } catch (JsonException e) {
            throw new Trouble(
                    ExitCode.NOT_REACHABLE, "What answered is not Nightshift: no JSON came.", "Check the address.");
        }
    }

    private static boolean caused(Throwable e, Class<? extends Throwable> kind) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (kind.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private static String deepest(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}
