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
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * In the place of a transit engine, as none can be had here: its HTTP API for encrypt and decrypt, strict about what it is sent, with
 * real AES-GCM, versions of keys and derived ones. What it cannot show is how Vault and OpenBao themselves behave.
 */
public final class TransitStandIn implements AutoCloseable {
    public static final String TOKEN = "hvs.token-of-the-stand-in-1";

    private static final Set<String> FIELDS = Set.of("plaintext", "ciphertext", "context");

    private final Map<String, Key> keys = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile String token = TOKEN;
    private volatile String namespace = "";
    private volatile int failure;
    private volatile String failureText = "";
    private volatile long slowMillis;

    private static final class Key {
        final boolean derived;
        final List<byte[]> versions = new ArrayList<>();
        int oldest = 1;

        Key(boolean derived) {
            this.derived = derived;
        }
    }

    private TransitStandIn(HttpServer server) {
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
    public static TransitStandIn start() {
        return start(0);
    }

    public static TransitStandIn start(int port) {
        try {
            return new TransitStandIn(
                    HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a key of one version. */
    public TransitStandIn with(String key, boolean derived) {
        keys.put(key, new Key(derived));
        rotate(key);
        return this;
    }

    public String uri(String key) {
        return "vault+http://127.0.0.1:" + server.getAddress().getPort() + "/team/transit/" + key;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** As the engine's own rotation: a new version wraps, the old ones open. */
    public void rotate(String key) {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        known(key).versions.add(bytes);
    }

    /** As min_decryption_version. */
    public void closeOlderThan(String key, int version) {
        known(key).oldest = version;
    }

    private Key known(String key) {
        return Objects.requireNonNull(keys.get(key), key);
    }

    public void remove(String key) {
        keys.remove(key);
    }

    /** The one that is taken from now on. */
    public void token(String now) {
        token = now;
    }

    public void namespace(String wanted) {
        namespace = wanted;
    }

    /** Answers the next requests so. */
    public void fail(int times, int status, String text) {
        failure = status;
        failureText = text;
        failures.set(times);
    }

    public void slow(long millis) {
        slowMillis = millis;
    }

    /** "encrypt key context" of each request that was answered, the context as text. */
    public List<String> asked() {
        return asked;
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String[] answer;
        try {
            Thread.sleep(slowMillis);
            answer = answered(exchange, body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } catch (RuntimeException | GeneralSecurityException e) {
            answer = new String[] {"400", errors("unexpected: " + e)};
        }
        byte[] bytes = answer[1].getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        if (answer[0].startsWith("3")) {
            exchange.getResponseHeaders().set("Location", answer[1]);
        }
        exchange.sendResponseHeaders(Integer.parseInt(answer[0]), bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static String errors(String text) {
        return Json.createObjectBuilder()
                .add("errors", Json.createArrayBuilder().add(text))
                .build()
                .toString();
    }

    private String[] answered(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            return new String[] {Integer.toString(failure), failureText};
        }
        if (!token.equals(exchange.getRequestHeaders().getFirst("X-Vault-Token"))) {
            return new String[] {"403", errors("permission denied")};
        }
        String wanted = String.valueOf(exchange.getRequestHeaders().getFirst("X-Vault-Namespace"));
        String[] path = exchange.getRequestURI().getRawPath().split("/", -1);
        boolean known = path.length == 6
                && path[1].equals("v1")
                && path[2].equals("team")
                && path[3].equals("transit")
                && exchange.getRequestURI().getRawQuery() == null
                && exchange.getRequestMethod().equals("POST")
                && wanted.equals(namespace.isEmpty() ? "null" : namespace);
        if (!known) {
            return new String[] {"404", errors("no handler for route")};
        }
        Key key = keys.get(path[5]);
        JsonObject request = Json.createReader(new ByteArrayInputStream(body)).readObject();
        if (!FIELDS.containsAll(request.keySet())) {
            throw new IllegalArgumentException(request.toString());
        }
        if (key == null) {
            return new String[] {"400", errors("encryption key not found")};
        }
        byte[] context = Base64.getDecoder().decode(request.getString("context"));
        if (key.derived && context.length == 0) {
            return new String[] {"400", errors("missing 'context' for key derivation")};
        }
        asked.add(path[4] + " " + path[5] + " " + new String(context, StandardCharsets.UTF_8));
        return switch (path[4]) {
            case "encrypt" -> encrypted(key, Base64.getDecoder().decode(request.getString("plaintext")), context);
            case "decrypt" -> decrypted(key, request.getString("ciphertext"), context);
            default -> new String[] {"404", errors("unsupported path")};
        };
    }

    private static String[] encrypted(Key key, byte[] plaintext, byte[] context) throws GeneralSecurityException {
        int version = key.versions.size();
        byte[] nonce = new byte[12];
        new SecureRandom().nextBytes(nonce);
        byte[] sealed =
                cipher(Cipher.ENCRYPT_MODE, key, version, context, nonce).doFinal(plaintext);
        byte[] all = Arrays.copyOf(nonce, nonce.length + sealed.length);
        System.arraycopy(sealed, 0, all, nonce.length, sealed.length);
        return data(
                "ciphertext", "vault:v" + version + ":" + Base64.getEncoder().encodeToString(all));
    }

    private static String[] decrypted(Key key, String ciphertext, byte[] context) {
        String[] parts = ciphertext.split(":", 3);
        if (parts.length != 3 || !parts[0].equals("vault") || !parts[1].startsWith("v")) {
            return new String[] {"400", errors("invalid ciphertext: no prefix")};
        }
        int version = Integer.parseInt(parts[1].substring(1));
        if (version < key.oldest) {
            return new String[] {"400", errors("ciphertext or signature version is disallowed by policy (too old)")};
        }
        if (version > key.versions.size()) {
            return new String[] {"400", errors("invalid ciphertext: version is too new")};
        }
        try {
            byte[] all = Base64.getDecoder().decode(parts[2]);
            byte[] plaintext = cipher(Cipher.DECRYPT_MODE, key, version, context, Arrays.copyOf(all, 12))
                    .doFinal(all, 12, all.length - 12);
            return data("plaintext", Base64.getEncoder().encodeToString(plaintext));
        } catch (GeneralSecurityException e) {
            return new String[] {"400", errors("cipher: message authentication failed")};
        }
    }

    private static Cipher cipher(int mode, Key key, int version, byte[] context, byte[] nonce)
            throws GeneralSecurityException {
        byte[] bytes = key.versions.get(version - 1);
        if (key.derived) {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(bytes, "HmacSHA256"));
            bytes = mac.doFinal(context);
        }
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(bytes, "AES"), new GCMParameterSpec(128, nonce));
        return cipher;
    }

    private static String[] data(String name, String value) {
        return new String[] {
            "200",
            Json.createObjectBuilder()
                    .add("request_id", "1")
                    .add("data", Json.createObjectBuilder().add(name, value).add("key_version", 1))
                    .build()
                    .toString()
        };
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
