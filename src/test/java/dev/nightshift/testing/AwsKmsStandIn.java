package dev.nightshift.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * In the place of AWS KMS, as none can be had here: Encrypt and Decrypt of its JSON protocol, with real AES-GCM that binds the
 * encryption context. It computes signatures of version 4 by itself, from the documentation and not from the SDK, and takes no other.
 * What it cannot show is how AWS itself behaves.
 */
public final class AwsKmsStandIn implements AutoCloseable {
    public static final String REGION = "eu-central-1";

    /** What opens it. */
    public record Login(String id, String secret, String session) {}

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");
    private static final Pattern AUTHORIZATION =
            Pattern.compile("AWS4-HMAC-SHA256 Credential=(?<id>[^/]+)/(?<day>\\d{8})/" + REGION
                    + "/kms/aws4_request, SignedHeaders=(?<headers>[a-z0-9;-]+), Signature=(?<signature>[0-9a-f]{64})");

    private final Map<String, SecretKeySpec> keys = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile String failure = "";
    private volatile Login login = new Login("AKIASTANDIN", "secret-of-the-stand-in", "");
    private volatile String expired = "";
    private volatile long slowMillis;

    private AwsKmsStandIn(HttpServer server) {
        this.server = server;
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                handle(exchange);
            }
        });
        server.start();
    }

    /** On a free port of the loopback. */
    public static AwsKmsStandIn start() {
        return start(0);
    }

    public static AwsKmsStandIn start(int port) {
        try {
            return new AwsKmsStandIn(
                    HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    public static String arn(String id) {
        return "arn:aws:kms:" + REGION + ":111122223333:key/" + id;
    }

    /** Makes a key; its ARN. */
    public String key(String id) {
        String arn = arn(id);
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        keys.put(arn, new SecretKeySpec(bytes, "AES"));
        return arn;
    }

    /** The one that is taken from now on; that of before has expired. */
    public void login(Login now) {
        expired = login.id();
        login = now;
    }

    public Login login() {
        return login;
    }

    /** Refuses the next requests that are signed rightly; the status is 500 for those that end so, else 400. */
    public void fail(int times, String type) {
        failure = type;
        failures.set(times);
    }

    public void slow(long millis) {
        slowMillis = millis;
    }

    /** "Encrypt" or "Decrypt" and the encryption context of each request that was signed rightly. */
    public List<String> asked() {
        return asked;
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        JsonObject answer;
        try {
            Thread.sleep(slowMillis);
            answer = answered(exchange, body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } catch (RuntimeException | GeneralSecurityException e) {
            answer = refusal("ValidationException");
        }
        String type = answer.getString("__type", "");
        byte[] bytes = answer.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.1");
        int status = type.isEmpty() ? 200 : type.endsWith("Internal") || type.endsWith("Timeout") ? 500 : 400;
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /** As AWS does, it says back what was signed. */
    private JsonObject refusal(String type) {
        return Json.createObjectBuilder()
                .add("__type", type)
                .add(
                        "message",
                        "The canonical string should have been x-amz-security-token:" + login.session()
                                + login.secret())
                .build();
    }

    private JsonObject answered(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        String refused = refused(exchange, body);
        if (!refused.isEmpty()) {
            return refusal(refused);
        }
        JsonObject request = Json.createReader(new ByteArrayInputStream(body)).readObject();
        Map<String, String> context = new TreeMap<>();
        if (request.containsKey("EncryptionContext")) {
            request.getJsonObject("EncryptionContext").forEach((name, value) -> context.put(name, value.toString()));
        }
        String operation = exchange.getRequestHeaders().getFirst("X-Amz-Target");
        asked.add(operation.replace("TrentService.", "") + " " + context);
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            return refusal(failure);
        }
        String arn = request.getString("KeyId");
        SecretKeySpec key = keys.get(arn);
        if (key == null) {
            return refusal("NotFoundException");
        }
        byte[] bound = context.toString().getBytes(StandardCharsets.UTF_8);
        return switch (operation) {
            case "TrentService.Encrypt" -> encrypted(arn, key, bound, request);
            case "TrentService.Decrypt" -> decrypted(arn, key, bound, request);
            default -> refusal("UnknownOperationException");
        };
    }

    private JsonObject encrypted(String arn, SecretKeySpec key, byte[] bound, JsonObject request)
            throws GeneralSecurityException {
        byte[] plaintext = Base64.getDecoder().decode(request.getString("Plaintext"));
        if (plaintext.length < 1 || plaintext.length > 4096) {
            return refusal("ValidationException");
        }
        byte[] nonce = new byte[12];
        new SecureRandom().nextBytes(nonce);
        byte[] sealed = cipher(Cipher.ENCRYPT_MODE, key, nonce, bound).doFinal(plaintext);
        byte[] name = arn.getBytes(StandardCharsets.UTF_8);
        ByteBuffer blob = ByteBuffer.allocate(4 + name.length + nonce.length + sealed.length)
                .putInt(name.length)
                .put(name)
                .put(nonce)
                .put(sealed);
        return Json.createObjectBuilder()
                .add("KeyId", arn)
                .add("CiphertextBlob", Base64.getEncoder().encodeToString(blob.array()))
                .build();
    }

    private JsonObject decrypted(String arn, SecretKeySpec key, byte[] bound, JsonObject request) {
        try {
            ByteBuffer blob = ByteBuffer.wrap(Base64.getDecoder().decode(request.getString("CiphertextBlob")));
            byte[] name = new byte[blob.getInt()];
            blob.get(name);
            if (!arn.equals(new String(name, StandardCharsets.UTF_8))) {
                return refusal("IncorrectKeyException");
            }
            byte[] nonce = new byte[12];
            blob.get(nonce);
            byte[] sealed = Arrays.copyOfRange(blob.array(), blob.position(), blob.limit());
            return Json.createObjectBuilder()
                    .add("KeyId", arn)
                    .add(
                            "Plaintext",
                            Base64.getEncoder()
                                    .encodeToString(cipher(Cipher.DECRYPT_MODE, key, nonce, bound)
                                            .doFinal(sealed)))
                    .build();
        } catch (GeneralSecurityException | RuntimeException e) {
            return refusal("InvalidCiphertextException");
        }
    }

    private static Cipher cipher(int mode, SecretKeySpec key, byte[] nonce, byte[] bound)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(128, nonce));
        cipher.updateAAD(bound);
        return cipher;
    }

    /** Why the request is not one of the login's; empty if it is. */
    private String refused(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        String given = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        Matcher authorization = AUTHORIZATION.matcher(given);
        if (!authorization.matches()) {
            return "IncompleteSignature";
        }
        if (authorization.group("id").equals(expired)) {
            return "ExpiredTokenException";
        }
        if (!authorization.group("id").equals(login.id())) {
            return "UnrecognizedClientException";
        }
        String time = String.valueOf(exchange.getRequestHeaders().getFirst("X-Amz-Date"));
        Instant signed = LocalDateTime.parse(time, TIME).toInstant(ZoneOffset.UTC);
        if (Duration.between(signed, Instant.now()).abs().compareTo(Duration.ofMinutes(5)) > 0) {
            return "RequestExpired";
        }
        List<String> names = List.of(authorization.group("headers").split(";", -1));
        if (!names.containsAll(List.of("host", "x-amz-date", "x-amz-target"))
                || (!login.session().isEmpty() && !names.contains("x-amz-security-token"))) {
            return "IncompleteSignature";
        }
        String session = exchange.getRequestHeaders().getFirst("X-Amz-Security-Token");
        if (!login.session().equals(session == null ? "" : session)) {
            return "UnrecognizedClientException";
        }
        StringBuilder canonical = new StringBuilder("POST\n/\n\n");
        for (String name : names) {
            canonical
                    .append(name)
                    .append(':')
                    .append(exchange.getRequestHeaders().getFirst(name).strip())
                    .append('\n');
        }
        canonical
                .append('\n')
                .append(authorization.group("headers"))
                .append('\n')
                .append(sha256(body));
        String day = authorization.group("day");
        String text = "AWS4-HMAC-SHA256\n" + time + "\n" + day + "/" + REGION + "/kms/aws4_request\n"
                + sha256(canonical.toString().getBytes(StandardCharsets.UTF_8));
        byte[] key = ("AWS4" + login.secret()).getBytes(StandardCharsets.UTF_8);
        for (String part : List.of(day, REGION, "kms", "aws4_request", text)) {
            key = hmac(key, part);
        }
        return HexFormat.of().formatHex(key).equals(authorization.group("signature"))
                ? ""
                : "InvalidSignatureException";
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String sha256(byte[] bytes) throws GeneralSecurityException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
