package dev.nightshift.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Azure Blob Storage as Microsoft's own emulator plays it: npm's package {@code azurite}. It checks signatures. */
public final class AzureServer implements AutoCloseable {
    public static final String ACCOUNT = "nightshift";
    public static final String SECRET =
            Base64.getEncoder().encodeToString("a key of an account for tests alone".getBytes(StandardCharsets.UTF_8));
    public static final String CONTAINER = "backups";

    private static final Pattern LENGTH = Pattern.compile("<Content-Length>([0-9]+)</Content-Length>");
    private static final Pattern NEXT = Pattern.compile("<NextMarker>([^<]+)</NextMarker>");

    private final HttpClient client = HttpClient.newHttpClient();
    private final Path folder;
    private final int port;
    private Process process;

    private AzureServer(Path folder, int port) throws IOException {
        this.folder = folder;
        this.port = port;
        this.process = launch();
    }

    /** Installs it if need be, and starts it with an empty container. */
    public static AzureServer start(Path folder) {
        try {
            AzureServer server = new AzureServer(folder, RestoredServer.freePort());
            server.createContainer();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process launch() throws IOException {
        Path installed = NodePackage.install("azurite");
        Path output = folder.resolve("azurite.log");
        ProcessBuilder builder = new ProcessBuilder(
                        "node",
                        installed
                                .resolve("node_modules/azurite/dist/src/blob/main.js")
                                .toString(),
                        "--blobHost",
                        "127.0.0.1",
                        "--blobPort",
                        Integer.toString(port),
                        "--location",
                        folder.resolve("azurite").toString(),
                        "--disableTelemetry",
                        "--skipApiVersionCheck",
                        "--silent")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("AZURITE_ACCOUNTS", ACCOUNT + ":" + SECRET);
        Process launched = builder.start();
        Processes.awaitWord("Azurite", launched, output, "successfully listens");
        return launched;
    }

    private void createContainer() throws IOException {
        HttpResponse<String> answer = ask("PUT", Map.of("restype", "container"));
        if (answer.statusCode() != 201) {
            throw new AssertionError(answer.statusCode() + " " + answer.body());
        }
    }

    /** What its own list of the container's objects adds up to; 0 while it does not answer. */
    public long bytes() {
        try {
            long sum = 0;
            String marker = "";
            do {
                HttpResponse<String> answer =
                        ask("GET", Map.of("restype", "container", "comp", "list", "marker", marker));
                if (answer.statusCode() != 200) {
                    throw new AssertionError(answer.statusCode() + " " + answer.body());
                }
                sum += LENGTH.matcher(answer.body())
                        .results()
                        .mapToLong(length -> Long.parseLong(length.group(1)))
                        .sum();
                Matcher next = NEXT.matcher(answer.body());
                marker = next.find() ? next.group(1) : "";
            } while (!marker.isEmpty());
            return sum;
        } catch (IOException e) {
            return 0;
        }
    }

    /** A request signed with the account's key: learn.microsoft.com, "Authorize with Shared Key". */
    private HttpResponse<String> ask(String method, Map<String, String> query) throws IOException {
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
        String headers = "x-ms-date:" + date + "\nx-ms-version:2021-12-02\n";
        StringBuilder resource = new StringBuilder("/" + ACCOUNT + "/" + ACCOUNT + "/" + CONTAINER);
        StringBuilder asked = new StringBuilder();
        new TreeMap<>(query).forEach((name, value) -> {
            resource.append('\n').append(name).append(':').append(value);
            asked.append(asked.isEmpty() ? '?' : '&')
                    .append(name)
                    .append('=')
                    .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
        });
        String signed = method + "\n\n\n\n\n\n\n\n\n\n\n\n" + headers + resource;
        HttpRequest request = HttpRequest.newBuilder(URI.create(endpoint() + "/" + CONTAINER + asked))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header("x-ms-date", date)
                .header("x-ms-version", "2021-12-02")
                .header("Authorization", "SharedKey " + ACCOUNT + ":" + signature(signed))
                .build();
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A shared access signature of the account, for all that blobs allow: learn.microsoft.com, "Create an account SAS". */
    public static String sharedAccess(Instant until) {
        return sharedAccess(until, "rwdlac");
    }

    /** The same for some of it: r(ead), w(rite), d(elete), l(ist), a(dd), c(reate). */
    public static String sharedAccess(Instant until, String rights) {
        String expiry = DateTimeFormatter.ISO_INSTANT.format(until.truncatedTo(ChronoUnit.SECONDS));
        String signed = String.join("\n", ACCOUNT, rights, "b", "sco", "", expiry, "", "", "2021-12-02", "", "");
        return "?sv=2021-12-02&ss=b&srt=sco&sp=" + rights + "&se=" + expiry + "&sig="
                + URLEncoder.encode(signature(signed), StandardCharsets.UTF_8);
    }

    private static String signature(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(SECRET), "HmacSHA256"));
            return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public String endpoint() {
        return "http://127.0.0.1:" + port + "/" + ACCOUNT;
    }

    /** kill -9. */
    public void kill() {
        Processes.kill(process.toHandle());
    }

    /** On the same port, with what it has stored. */
    public void restart() {
        try {
            close();
            process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        Processes.end(process);
    }
}
