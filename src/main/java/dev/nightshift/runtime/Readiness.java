package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.runtime.tls.ServedCertificate;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.HttpsURLConnection;

/** Asks the server's /health/ready until it says yes; over HTTPS, which people need, while plain HTTP may be off. */
final class Readiness {
    /** A cold start on a slow machine took 40 s (two shared cores); five times that, and something is wrong. */
    private static final Duration DEADLINE = Duration.ofSeconds(200);

    private Readiness() {}

    /** @throws Failure.Fatal if the server ends before, or is not ready in time */
    static void await(String host, int port, LibertyServer server, Path log) {
        URI uri = URI.create("https://" + ServedCertificate.reachable(host) + ":" + port + "/health/ready");
        long end = System.nanoTime() + DEADLINE.toNanos();
        while (!answersYes(uri)) {
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

    private static boolean answersYes(URI uri) {
        try {
            HttpsURLConnection connection = (HttpsURLConnection) uri.toURL().openConnection();
            connection.setSSLSocketFactory(ServedCertificate.believingAny().getSocketFactory());
            connection.setHostnameVerifier((name, session) -> true);
            connection.setConnectTimeout(1_000);
            connection.setReadTimeout(5_000);
            try {
                return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return false; // not listening yet
        }
    }
}
