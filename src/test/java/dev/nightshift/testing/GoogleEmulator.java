package dev.nightshift.testing;

import jakarta.json.Json;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Google Cloud Storage as Google's own emulator plays it: npm's package {@code firebase-tools}. It knows the JSON interface for
 * one object at a time, and whatever bucket is named. It knows neither uploads in parts nor deletions by the hundred, takes an
 * object although it is there, and asks for no login: for those there is {@link GoogleStandIn}.
 */
public final class GoogleEmulator implements AutoCloseable {
    public static final String BUCKET = "backups";

    private final HttpClient client = HttpClient.newHttpClient();
    private final int port;
    private final Process process;

    private GoogleEmulator(int port, Process process) {
        this.port = port;
        this.process = process;
    }

    /** Installs it if need be, and starts it with nothing in it. */
    public static GoogleEmulator start(Path folder) {
        try {
            Path installed = NodePackage.install("firebase");
            int port = RestoredServer.freePort();
            Path output = folder.resolve("firebase.log");
            ProcessBuilder builder = new ProcessBuilder(
                            "node", installed.resolve("emulator.mjs").toString(), Integer.toString(port))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            // It stores in the folder for temporary files
            String own = Files.createDirectories(folder.resolve("firebase")).toString();
            builder.environment().put("TMPDIR", own);
            builder.environment().put("HOME", own);
            builder.environment().remove("XDG_CONFIG_HOME");
            Process process = builder.start();
            GoogleEmulator emulator = new GoogleEmulator(port, process);
            try {
                Processes.awaitWord("Google's emulator", process, output, "listening");
            } catch (AssertionError e) {
                emulator.close();
                throw e;
            }
            return emulator;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    /** What it says of an object's bytes: their MD5, in base64. */
    public String md5(String name) throws IOException {
        URI address = URI.create(
                endpoint() + "/storage/v1/b/" + BUCKET + "/o/" + URLEncoder.encode(name, StandardCharsets.UTF_8));
        try {
            HttpResponse<String> answer =
                    client.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new AssertionError(answer.statusCode() + " " + answer.body());
            }
            try (JsonReader reader = Json.createReader(new StringReader(answer.body()))) {
                return reader.readObject().getString("md5Hash");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        Processes.end(process);
    }
}
