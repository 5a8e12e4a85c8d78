package dev.nightshift.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.nightshift.testing.VersionedObjects.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * In the place of a bucket of S3 that keeps versions and locks each object by its default retention, where a test has to let a
 * month pass or a service say what it seldom does: docs.aws.amazon.com, "Locking objects with Object Lock". It checks signatures,
 * and what each login may do. {@link RadosGateway} is a real one; what neither can show is how AWS itself behaves.
 */
public final class S3StandIn implements AutoCloseable {
    public static final String BUCKET = "locked";

    /** What a login may do, in S3's own words. */
    public enum Right {
        READ,
        WRITE,
        DELETE,
        DELETE_VERSION
    }

    private record Login(String secret, Set<Right> rights) {}

    private static final Pattern OBJECT =
            Pattern.compile("<Object><Key>([^<]*)</Key>(?:<VersionId>([^<]*)</VersionId>)?[^O]*</Object>");
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, Login> logins = new ConcurrentHashMap<>();

    private final VersionedObjects objects;
    private final Map<String, TreeMap<Integer, byte[]>> uploads = new HashMap<>();
    private int begun;
    private volatile boolean away;
    private volatile boolean takesTwice;
    private volatile @Nullable Refusal versioning;

    private S3StandIn(HttpServer server, int lockDays) {
        this.server = server;
        this.objects = new VersionedObjects(lockDays);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                handle(exchange);
            }
        });
        server.start();
    }

    /**
     * On a free port of the loopback.
     *
     * @param lockDays for which each object is locked; 0 for a bucket that keeps versions alone
     */
    public static S3StandIn start(int lockDays) {
        try {
            return new S3StandIn(
                    HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0), lockDays);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void login(String id, String secret, Right... rights) {
        logins.put(id, new Login(secret, Set.of(rights)));
    }

    /** Of what is stored from now on. */
    public void lockFor(int days) {
        objects.lockFor(days);
    }

    /** All that is stored is so much older. */
    public void pass(Duration time) {
        objects.pass(time);
    }

    /** Whether it answers no request with anything but 503. */
    public void away(boolean now) {
        away = now;
    }

    /** What it says instead of whether it keeps versions; a code of null is an answer that is no XML, no status the truth. */
    public void versioning(int instead, @Nullable String code) {
        versioning = instead == 0 ? null : new Refusal(instead, code, "Not so");
    }

    /** Whether it takes an object twice although it is asked not to, as Ceph 16.2 does where versions are kept. */
    public void takesTwice(boolean now) {
        takesTwice = now;
    }

    public String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Of all versions whose keys begin so. */
    public long bytes(String begin) {
        return objects.bytes(begin);
    }

    /** Versions whose keys begin so, with those that say that an object is deleted. */
    public long versions(String begin) {
        return objects.versions(begin);
    }

    /** The keys of what is not deleted. */
    public List<String> keys(String begin) {
        return objects.keys(begin);
    }

    /** An answer that is no success. */
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;
        private final int status;
        private final @Nullable String code;

        Refusal(int status, @Nullable String code, String message) {
            super(message);
            this.status = status;
            this.code = code;
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        int status = 200;
        byte[] answer;
        try {
            if (away) {
                throw new Refusal(503, "ServiceUnavailable", "Away");
            }
            Request request = new Request(exchange, body);
            synchronized (objects) { // no other request in between
                answer = request.answered();
            }
            status = request.status;
        } catch (Refusal e) {
            status = e.status;
            answer = e.code == null
                    ? "<html><br>".getBytes(StandardCharsets.UTF_8)
                    : xml("<Error><Code>" + e.code + "</Code><Message>" + e.getMessage() + "</Message></Error>");
        } catch (RuntimeException | GeneralSecurityException e) {
            status = 500;
            answer = xml("<Error><Code>InternalError</Code><Message>" + e + "</Message></Error>");
        }
        boolean head = exchange.getRequestMethod().equals("HEAD");
        if (head && status == 200) {
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(answer.length));
        }
        exchange.sendResponseHeaders(status, head || answer.length == 0 ? -1 : answer.length);
        if (!head && answer.length > 0) {
            exchange.getResponseBody().write(answer);
        }
    }

    private static byte[] xml(String text) {
        return ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + text).getBytes(StandardCharsets.UTF_8);
    }

    private final class Request {
        private final HttpExchange exchange;
        private final byte[] body;
        private final String key;
        private final Map<String, String> query = new TreeMap<>();
        private final Login login;
        private int status = 200;

        Request(HttpExchange exchange, byte[] body) throws Refusal, GeneralSecurityException {
            this.exchange = exchange;
            this.body = body;
            String path = exchange.getRequestURI().getPath();
            if (!path.equals("/" + BUCKET) && !path.startsWith("/" + BUCKET + "/")) {
                throw new Refusal(404, "NoSuchBucket", "The specified bucket does not exist");
            }
            this.key = path.substring(Math.min(path.length(), BUCKET.length() + 2));
            String raw = exchange.getRequestURI().getRawQuery();
            for (String each : raw == null ? new String[0] : raw.split("&", -1)) {
                String[] pair = each.split("=", 2);
                query.put(pair[0], pair.length == 1 ? "" : URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
            }
            AwsSignature signature = AwsSignature.of(exchange);
            Login found = signature == null ? null : logins.get(signature.id());
            if (found == null || !Objects.requireNonNull(signature).isBy(found.secret(), exchange, body)) {
                throw new Refusal(403, "SignatureDoesNotMatch", "The signature does not match");
            }
            this.login = found;
        }

        private void require(Right right) throws Refusal {
            if (!login.rights().contains(right)) {
                throw new Refusal(403, "AccessDenied", "Access Denied");
            }
        }

        private String header(String name) {
            return String.valueOf(exchange.getRequestHeaders().getFirst(name));
        }

        byte[] answered() throws Refusal {
            switch (exchange.getRequestMethod()) {
                case "PUT" -> {
                    require(Right.WRITE);
                    return query.containsKey("uploadId") ? part() : put(body, false);
                }
                case "POST" -> {
                    return posted();
                }
                case "DELETE" -> {
                    String refused = delete(key, query.get("versionId"));
                    if (!refused.isEmpty()) {
                        throw new Refusal(403, refused, "Access Denied");
                    }
                    status = 204;
                    return new byte[0];
                }
                default -> {
                    require(Right.READ);
                    return key.isEmpty() ? ofBucket() : read();
                }
            }
        }

        private byte[] ofBucket() throws Refusal {
            if (query.containsKey("versioning")) {
                Refusal said = versioning;
                if (said != null) {
                    throw said;
                }
                return xml("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
            }
            if (query.containsKey("object-lock")) {
                int days = objects.lockDays();
                if (days == 0) {
                    throw new Refusal(404, "ObjectLockConfigurationNotFoundError", "There is none");
                }
                return xml("<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
                        + "<DefaultRetention><Mode>COMPLIANCE</Mode><Days>" + days
                        + "</Days></DefaultRetention></Rule></ObjectLockConfiguration>");
            }
            return xml(
                    query.containsKey("versions")
                            ? S3Listing.versions(objects, query)
                            : S3Listing.keys(objects, query));
        }

        private byte[] read() throws Refusal {
            String id = query.get("versionId");
            Version version = id == null ? objects.current(key) : objects.version(key, id);
            byte[] content = version == null ? null : version.content();
            if (version == null || content == null) {
                throw new Refusal(404, "NoSuchKey", "The specified key does not exist.");
            }
            var headers = exchange.getResponseHeaders();
            headers.set("ETag", "\"" + version.id() + "\"");
            headers.set(
                    "Last-Modified",
                    DateTimeFormatter.RFC_1123_DATE_TIME.format(version.at().atOffset(ZoneOffset.UTC)));
            if (objects.lockDays() > 0) {
                headers.set("x-amz-object-lock-mode", "COMPLIANCE");
                headers.set(
                        "x-amz-object-lock-retain-until-date",
                        objects.until(version).toString());
            }
            var range = RANGE.matcher(header("Range"));
            if (!range.matches()) {
                return content;
            }
            int from = Integer.parseInt(range.group(1));
            int to = range.group(2).isEmpty()
                    ? content.length
                    : Math.min(content.length, Integer.parseInt(range.group(2)) + 1);
            status = 206;
            headers.set("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + content.length);
            return Arrays.copyOfRange(content, from, to);
        }

        private byte[] put(byte[] content, boolean checked) throws Refusal {
            if (!takesTwice && header("If-None-Match").equals("*") && objects.current(key) != null) {
                throw new Refusal(
                        412, "PreconditionFailed", "At least one of the preconditions you specified did not hold.");
            }
            if (objects.lockDays() > 0
                    && !checked
                    && exchange.getRequestHeaders().getFirst("Content-MD5") == null
                    && exchange.getRequestHeaders().keySet().stream()
                            .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("x-amz-checksum-"))) {
                throw new Refusal(
                        400,
                        "InvalidRequest",
                        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock"
                                + " parameters");
            }
            Version version = objects.add(key, content);
            exchange.getResponseHeaders().set("ETag", "\"" + version.id() + "\"");
            return new byte[0];
        }

        private byte[] part() throws Refusal {
            TreeMap<Integer, byte[]> upload = uploads.get(query.get("uploadId"));
            if (upload == null) {
                throw new Refusal(404, "NoSuchUpload", "There is none");
            }
            upload.put(Integer.parseInt(query.getOrDefault("partNumber", "0")), body);
            exchange.getResponseHeaders().set("ETag", "\"part\"");
            return new byte[0];
        }

        private byte[] posted() throws Refusal {
            if (query.containsKey("delete")) {
                StringBuilder text = new StringBuilder("<DeleteResult>");
                List<MatchResult> asked = OBJECT.matcher(new String(body, StandardCharsets.UTF_8))
                        .results()
                        .toList();
                for (MatchResult each : asked) {
                    String refused = delete(each.group(1), each.group(2));
                    String version = each.group(2) == null ? "" : "<VersionId>" + each.group(2) + "</VersionId>";
                    text.append(
                            refused.isEmpty()
                                    ? "<Deleted><Key>" + each.group(1) + "</Key>" + version + "</Deleted>"
                                    : "<Error><Key>" + each.group(1) + "</Key>" + version + "<Code>" + refused
                                            + "</Code><Message>Access Denied</Message></Error>");
                }
                return xml(text.append("</DeleteResult>").toString());
            }
            require(Right.WRITE);
            if (query.containsKey("uploads")) {
                String id = "u" + ++begun;
                uploads.put(id, new TreeMap<>());
                return xml("<InitiateMultipartUploadResult><UploadId>" + id
                        + "</UploadId></InitiateMultipartUploadResult>");
            }
            TreeMap<Integer, byte[]> parts = Objects.requireNonNull(uploads.remove(query.get("uploadId")));
            byte[] whole = new byte
                    [parts.values().stream().mapToInt(each -> each.length).sum()];
            int at = 0;
            for (byte[] each : parts.values()) {
                System.arraycopy(each, 0, whole, at, each.length);
                at += each.length;
            }
            put(whole, true);
            return xml("<CompleteMultipartUploadResult><ETag>\"x\"</ETag></CompleteMultipartUploadResult>");
        }

        /** The code of why it is not; empty if it is. */
        private String delete(String name, @Nullable String id) {
            if (!login.rights().contains(id == null ? Right.DELETE : Right.DELETE_VERSION)) {
                return "AccessDenied";
            }
            if (id == null) {
                objects.add(name, null);
                return "";
            }
            return objects.delete(name, id) ? "" : "AccessDenied";
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
