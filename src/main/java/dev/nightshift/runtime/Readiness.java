package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.runtime.tls.ServedCertificate;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

/** Asks the server's /health/ready until it says yes; over HTTPS, which people need, while plain HTTP may be off. */
final class Readiness {
    /** A cold start on a slow machine took 40 s (two shared cores); five times that, and something is wrong. */
    private static final Duration DEADLINE = Duration.ofSeconds(200);

    private static final String READY = "ready";

    private Readiness() {}

    /** @throws Failure.Fatal if the server ends before, or is not ready in time */
    static void await(LauncherConfig config, LibertyServer server, Path log, Consumer<String> shown) {
        URI uri = URI.create("https://" + ServedCertificate.reachable(config.httpHost()) + ":" + config.httpsPort()
                + "/health/ready");
        long end = System.nanoTime() + DEADLINE.toNanos();
        String known = READY;
        for (String trouble = asked(uri); !trouble.equals(READY); trouble = asked(uri)) {
            if (!trouble.isEmpty() && config.kms().isPresent()) {
                if (!trouble.equals(known)) {
                    shown.accept("Not ready: " + trouble);
                    known = trouble;
                }
                end = System.nanoTime() + DEADLINE.toNanos(); // the server runs, and asks the KMS again
            }
            if (System.nanoTime() > end) {
                throw new Failure.Fatal(
                        "The server was not ready within " + DEADLINE.toSeconds() + " s.", "Its log: " + log, null);
            }
            if (endsWithin(server, Duration.ofMillis(200))) {
                throw new Failure.Fatal("The server ended before it was ready.", "Its log: " + log, null);
            }
        }
    }

    private static boolean endsWithin(LibertyServer server, Duration time) {
        try {
            server.ended().get(time.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure.Fatal("Stopped while the server was starting.", null, e);
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException("Waiting for a process failed.", e);
        }
    }

    /** {@link #READY}, or what is wrong with the master key; empty if it does not tell. */
    private static String asked(URI uri) {
        try {
            HttpsURLConnection connection = (HttpsURLConnection) uri.toURL().openConnection();
            connection.setSSLSocketFactory(ServedCertificate.believingAny().getSocketFactory());
            connection.setHostnameVerifier((name, session) -> true);
            connection.setConnectTimeout(1_000);
            connection.setReadTimeout(5_000);
            try {
                return switch (connection.getResponseCode()) {
                    case HttpURLConnection.HTTP_OK -> READY;
                    case HttpURLConnection.HTTP_UNAVAILABLE -> trouble(connection.getErrorStream());
                    default -> "";
                };
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return ""; // not listening yet
        }
    }

    private static String trouble(@Nullable InputStream answer) {
        if (answer == null) {
            return "";
        }
        try (var reader = Json.createReader(answer)) {
            for (JsonObject check : reader.readObject().getJsonArray("checks").getValuesAs(JsonObject.class)) {
                JsonObject data = check.getJsonObject("data");
                if (check.getString("name").equals(KeyStarted.NAME) && data != null) {
                    return (data.getString("reason", "") + " " + data.getString("remedy", "")).strip();
                }
            }
            return "";
        } catch (JsonException | ClassCastException | NullPointerException e) {
            return ""; // its first words, before it has read the application
        }
    }
}
