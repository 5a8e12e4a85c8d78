package dev.nightshift.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for Google Cloud Storage, of which no emulator can be had that knows both of its interfaces: as much of the JSON
 * one (get, insert, list by pages, delete alone and by the hundred) and of the XML one (uploads in parts) as a store needs,
 * without logins unless one is asked for. Each object is a file. A retention policy and holds refuse what Google documents that they
 * refuse: cloud.google.com/storage/docs/bucket-lock. What it cannot show is how Google itself behaves; half of that
 * {@link GoogleEmulator} can, but no locks.
 */
public final class GoogleStandIn implements AutoCloseable {
    public static final String BUCKET = "backups";

    private static final String JSON = "application/json";
    private static final int PAGE = 1000;
    private static final Pattern BATCHED = Pattern.compile("DELETE (?<path>\\S+) HTTP");

    private final Path folder;
    private final NavigableMap<String, Path> objects = new ConcurrentSkipListMap<>();
    private final GoogleRetention retention = new GoogleRetention();
    private final Map<String, Map<Integer, byte[]>> uploads = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(8);
    private final int port;
    private HttpServer server;
    private volatile @Nullable String token;

    private GoogleStandIn(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder.resolve("google"));
        this.server = listen(0);
        this.port = server.getAddress().getPort();
    }

    public static GoogleStandIn start(Path folder) {
        try {
            return new GoogleStandIn(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private HttpServer listen(int port) throws IOException {
        HttpServer listening = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        listening.setExecutor(threads);
        listening.createContext("/", exchange -> {
            try (exchange) {
                handle(exchange);
            }
        });
        listening.start();
        return listening;
    }

    public String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    /** From now on whoever does not show this access token is refused. */
    public void requireToken(String accessToken) {
        token = accessToken;
    }

    /** What the bucket lets nobody delete. */
    public GoogleRetention retention() {
        return retention;
    }

    /** The names that begin so. */
    public List<String> names(String begin) {
        return objects.keySet().stream().filter(name -> name.startsWith(begin)).toList();
    }

    /** Cuts all connections; what was not answered may have been done or not. */
    public void kill() {
        server.stop(0);
    }

    /** On the same port, with its objects and with the uploads that were begun. */
    public void restart() {
        try {
            server = listen(port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What its objects add up to. */
    public long bytes() {
        return bytes("");
    }

    /** What those whose names begin so add up to. */
    public long bytes(String begin) {
        return objects.entrySet().stream()
                .filter(object -> object.getKey().startsWith(begin))
                .mapToLong(object -> size(object.getValue()))
                .sum();
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0; // just deleted
        }
    }

    private Path written(byte[] content) throws IOException {
        return Files.write(folder.resolve(UUID.randomUUID().toString()), content);
    }

    /** Whether it was there. */
    private boolean delete(String name) throws IOException {
        Path file = objects.remove(name);
        retention.forget(name);
        return file != null && Files.deleteIfExists(file);
    }

    private void put(String name, byte[] content) throws IOException {
        Path before = objects.put(name, written(content));
        retention.stored(name);
        if (before != null) {
            Files.deleteIfExists(before);
        }
    }

    /** What refuses that an object is deleted or replaced; null if nothing does. */
    private @Nullable Answer refusal(String name) {
        String refused = objects.containsKey(name) ? retention.refusal(name) : null;
        return refused == null ? null : new Answer(403, JSON, refused);
    }

    private static final class Answer {
        final int status;
        final String type;
        final byte[] body;

        Answer(int status, String type, byte[] body) {
            this.status = status;
            this.type = type;
            this.body = body;
        }

        Answer(int status, String type, String body) {
            this(status, type, body.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getRawPath();
        Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
        Answer answer;
        String required = token;
        if (required != null
                && !("Bearer " + required).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            answer = new Answer(401, JSON, "{\"error\":{\"code\":401,\"message\":\"Invalid Credentials\"}}");
        } else if (retention.isTooBusyFor(query)) {
            answer = new Answer(503, JSON, "");
        } else if (path.startsWith("/upload/storage/v1/b/" + BUCKET + "/o")) {
            answer = insert(exchange, query, body);
        } else if (path.equals("/batch/storage/v1")) {
            answer = batch(new String(body, StandardCharsets.UTF_8));
        } else if (path.equals("/storage/v1/b/" + BUCKET)) {
            answer = retention.tellsOfBucket()
                    ? new Answer(200, JSON, retention.bucket())
                    : new Answer(
                            403,
                            JSON,
                            "{\"error\":{\"code\":403,\"message\":\"x does not have storage.buckets.get access\"}}");
        } else if (path.startsWith("/storage/v1/b/" + BUCKET + "/o")) {
            String rest = path.substring(("/storage/v1/b/" + BUCKET + "/o").length());
            answer = rest.isEmpty() ? list(query) : object(exchange, query, decoded(rest.substring(1)));
        } else if (path.startsWith("/" + BUCKET + "/")) {
            answer = parts(exchange, query, decoded(path.substring(BUCKET.length() + 2)), body);
        } else {
            answer = new Answer(
                    404, JSON, "{\"error\":{\"code\":404,\"message\":\"The specified bucket does not exist.\"}}");
        }
        exchange.getResponseHeaders().set("Content-Type", answer.type);
        exchange.sendResponseHeaders(answer.status, answer.body.length == 0 ? -1 : answer.body.length);
        exchange.getResponseBody().write(answer.body);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    private static Map<String, String> query(String raw) {
        Map<String, String> query = new HashMap<>();
        for (String part : raw == null ? new String[0] : raw.split("&", -1)) {
            int equals = part.indexOf('=');
            query.put(
                    equals < 0 ? part : part.substring(0, equals),
                    equals < 0 ? "" : decoded(part.substring(equals + 1)));
        }
        return query;
    }

    private Answer insert(HttpExchange exchange, Map<String, String> query, byte[] body) throws IOException {
        String name = query.getOrDefault("name", "");
        byte[] content = body;
        if ("multipart".equals(query.get("uploadType"))) {
            String type = exchange.getRequestHeaders().getFirst("Content-Type");
            String boundary =
                    "--" + type.substring(type.indexOf("boundary=") + 9).replace("\"", "");
            String text = new String(body, StandardCharsets.ISO_8859_1);
            int second = text.indexOf(boundary, text.indexOf(boundary) + boundary.length());
            content = Arrays.copyOfRange(
                    body, text.indexOf("\r\n\r\n", second) + 4, text.lastIndexOf("\r\n" + boundary + "--"));
        }
        if (!"0".equals(query.get("ifGenerationMatch"))) {
            Answer refused = refusal(name);
            if (refused != null) {
                return refused;
            }
            put(name, content);
        } else if (objects.putIfAbsent(name, written(content)) != null) {
            return new Answer(412, JSON, "{\"error\":{\"code\":412,\"message\":\"conditionNotMet\"}}");
        } else {
            retention.stored(name);
        }
        return new Answer(200, JSON, described(name, content.length));
    }

    private String described(String name, long size) {
        return "{\"name\":\"" + name + "\",\"size\":\"" + size + "\",\"etag\":\"e\",\"generation\":\"1\","
                + retention.shown(name)
                + "\"updated\":\"2026-01-01T00:00:00.000Z\",\"contentType\":\"application/octet-stream\"}";
    }

    private Answer list(Map<String, String> query) {
        String prefix = query.getOrDefault("prefix", "");
        String delimiter = query.getOrDefault("delimiter", "");
        TreeSet<String> prefixes = new TreeSet<>();
        List<String> items = new ArrayList<>();
        String next = null;
        for (Map.Entry<String, Path> object :
                objects.tailMap(query.getOrDefault("pageToken", ""), false).entrySet()) {
            String name = object.getKey();
            if (!name.startsWith(prefix)) {
                continue;
            }
            if (items.size() + prefixes.size() == PAGE) {
                break;
            }
            int end = delimiter.isEmpty() ? -1 : name.indexOf(delimiter, prefix.length());
            if (end < 0) {
                items.add(described(name, size(object.getValue())));
            } else {
                prefixes.add("\"" + name.substring(0, end + 1) + "\"");
            }
            next = name;
        }
        boolean more = next != null && items.size() + prefixes.size() == PAGE && objects.higherKey(next) != null;
        return new Answer(
                200,
                JSON,
                "{\"items\":[" + String.join(",", items) + "],\"prefixes\":[" + String.join(",", prefixes) + "]"
                        + (more ? ",\"nextPageToken\":\"" + next + "\"" : "") + "}");
    }

    private Answer object(HttpExchange exchange, Map<String, String> query, String name) throws IOException {
        Path file = objects.get(name);
        if (file == null) {
            return new Answer(404, JSON, "{\"error\":{\"code\":404,\"message\":\"No such object\"}}");
        }
        if (exchange.getRequestMethod().equals("DELETE")) {
            Answer refused = refusal(name);
            if (refused != null) {
                return refused;
            }
            delete(name);
            return new Answer(204, JSON, "");
        }
        if (!"media".equals(query.get("alt"))) {
            return new Answer(200, JSON, described(name, size(file)));
        }
        byte[] content = Files.readAllBytes(file);
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            return new Answer(200, "application/octet-stream", content);
        }
        String[] bounds = range.substring("bytes=".length()).split("-", 2);
        int from = Integer.parseInt(bounds[0]);
        int to = !bounds[1].isEmpty() ? Math.min(Integer.parseInt(bounds[1]), content.length - 1) : content.length - 1;
        exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + to + "/" + content.length);
        return new Answer(206, "application/octet-stream", Arrays.copyOfRange(content, from, to + 1));
    }

    /** Deletions, up to a hundred of them in one request. */
    private Answer batch(String body) throws IOException {
        StringBuilder answers = new StringBuilder();
        Matcher deleted = BATCHED.matcher(body);
        int count = 0;
        while (deleted.find()) {
            String path = deleted.group("path");
            String name = decoded(path.substring(path.indexOf("/o/") + 3));
            Answer refused = refusal(name);
            if (refused != null) {
                answers.append("--answers\r\nContent-Type: application/http\r\nContent-ID: <response-")
                        .append(++count)
                        .append(">\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: ")
                        .append(refused.body.length)
                        .append("\r\n\r\n")
                        .append(new String(refused.body, StandardCharsets.UTF_8))
                        .append("\r\n");
                continue;
            }
            boolean there = delete(name);
            answers.append("--answers\r\nContent-Type: application/http\r\nContent-ID: <response-")
                    .append(++count)
                    .append(">\r\n\r\nHTTP/1.1 ")
                    .append(there ? "204 No Content" : "404 Not Found")
                    .append("\r\nContent-Length: 0\r\n\r\n\r\n");
        }
        return new Answer(200, "multipart/mixed; boundary=answers", answers + "--answers--\r\n");
    }

    private Answer parts(HttpExchange exchange, Map<String, String> query, String name, byte[] body)
            throws IOException {
        String id = query.get("uploadId");
        Map<Integer, byte[]> parts = id == null ? null : uploads.get(id);
        return switch (exchange.getRequestMethod()) {
            case "POST" -> {
                if (parts == null) {
                    String fresh = UUID.randomUUID().toString();
                    uploads.put(fresh, new ConcurrentSkipListMap<>());
                    yield new Answer(
                            200,
                            "application/xml",
                            "<?xml version=\"1.0\"?><InitiateMultipartUploadResult><Bucket>" + BUCKET + "</Bucket><Key>"
                                    + name + "</Key><UploadId>" + fresh
                                    + "</UploadId></InitiateMultipartUploadResult>");
                }
                ByteArrayOutputStream whole = new ByteArrayOutputStream();
                parts.values().forEach(whole::writeBytes);
                if (refusal(name) != null) {
                    yield new Answer(403, "application/xml", "<Error><Code>RetentionPolicyNotMet</Code></Error>");
                }
                put(name, whole.toByteArray());
                uploads.remove(id);
                yield new Answer(
                        200,
                        "application/xml",
                        "<?xml version=\"1.0\"?><CompleteMultipartUploadResult><Key>" + name
                                + "</Key><ETag>\"x\"</ETag></CompleteMultipartUploadResult>");
            }
            case "PUT" -> {
                if (parts == null) {
                    yield new Answer(404, "application/xml", "<Error><Code>NoSuchUpload</Code></Error>");
                }
                parts.put(Integer.valueOf(query.get("partNumber")), body);
                exchange.getResponseHeaders().set("ETag", "\"p" + query.get("partNumber") + "\"");
                yield new Answer(200, "application/xml", "");
            }
            case "DELETE" -> {
                uploads.remove(String.valueOf(id));
                yield new Answer(204, "application/xml", "");
            }
            default -> new Answer(405, "application/xml", "");
        };
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
