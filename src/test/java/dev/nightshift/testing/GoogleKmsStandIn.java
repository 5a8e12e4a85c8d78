package dev.nightshift.testing;

import com.sun.net.httpserver.HttpExchange;
import dev.nightshift.kernel.Clock;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * In the place of Google Cloud KMS, its service for access tokens and its metadata server, as none can be had here: encrypt and decrypt
 * of the REST API, with real AES-GCM that binds the associated data, and strict about what it is sent. It checks signatures, claims and
 * checksums with the JDK alone. What it cannot show is how Google itself behaves.
 */
public final class GoogleKmsStandIn extends HttpStandIn {
    public static final String EMAIL = "nights@stand-in.iam.gserviceaccount.com";

    private static final String PLACE = "projects/stand-in/locations/europe-west3/keyRings/ring/cryptoKeys/";
    private static final String KEY_ID = "0123456789abcdef";
    private static final String METADATA = "/computeMetadata/v1/instance/service-accounts/default/token";
    private static final Set<String> CLAIMS = Set.of("iss", "scope", "aud", "iat", "exp");

    private final KeyPair account;
    private final Clock clock;
    private final Map<String, Instant> tokens = new ConcurrentHashMap<>();
    private final Map<String, Key> keys = new ConcurrentHashMap<>();
    private volatile Duration life = Duration.ofHours(1);
    private volatile boolean enabled = true;
    private volatile boolean allowed = true;
    private volatile String damage = "";
    private volatile int failure;
    private volatile String failureText = "";

    private static final class Key {
        final List<byte[]> versions = new ArrayList<>();
        final Map<Integer, String> states = new ConcurrentHashMap<>();
    }

    private GoogleKmsStandIn(int port, Clock clock) {
        super(port);
        this.clock = clock;
        try {
            KeyPairGenerator pairs = KeyPairGenerator.getInstance("RSA");
            pairs.initialize(2048);
            account = pairs.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        listen();
    }

    /** On a free port of the loopback. */
    public static GoogleKmsStandIn start() {
        return start(Clock.system());
    }

    public static GoogleKmsStandIn start(Clock clock) {
        return new GoogleKmsStandIn(0, clock);
    }

    /** Makes a key of one version, or another one under the same name; its URI. */
    public String key(String id) {
        keys.put(PLACE + id, new Key());
        rotate(id);
        return uri(id);
    }

    public static String uri(String id) {
        return "gcp-kms://" + PLACE + id;
    }

    /** A new version wraps, the old ones open. */
    public void rotate(String id) {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        Objects.requireNonNull(keys.get(PLACE + id)).versions.add(bytes);
    }

    /** Of a version: ENABLED, DISABLED, DESTROY_SCHEDULED, DESTROYED or PENDING_GENERATION. */
    public void state(String id, int version, String state) {
        Objects.requireNonNull(keys.get(PLACE + id)).states.put(version, state);
    }

    /** What the console lets download: the key of the service account. */
    public Path credentials(Path file) {
        String pem = "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'})
                        .encodeToString(account.getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
        try {
            return Files.writeString(
                    file,
                    Json.createObjectBuilder()
                            .add("type", "service_account")
                            .add("project_id", "stand-in")
                            .add("private_key_id", KEY_ID)
                            .add("private_key", pem)
                            .add("client_email", EMAIL)
                            .add("token_uri", endpoint() + "/token")
                            .build()
                            .toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String metadata() {
        return endpoint() + METADATA;
    }

    /** How long tokens live that are handed out from now on. */
    public void life(Duration now) {
        life = now;
    }

    /** Whether tokens are handed out; those that were go on. */
    public void enabled(boolean now) {
        enabled = now;
    }

    /** All tokens that were handed out. */
    public void revoke() {
        tokens.clear();
    }

    /** Whether the service account has its role. */
    public void allowed(boolean now) {
        allowed = now;
    }

    /** "unverified": without saying that it checked; "sum": with a sum that does not fit; "request": as if it came changed; "": none. */
    public void damage(String now) {
        damage = now;
    }

    /** Answers the next requests to the KMS so. */
    public void fail(int times, int status, String text) {
        failure = status;
        failureText = text;
        failNext(times);
    }

    public long logins() {
        return asked().stream().filter(asked -> asked.startsWith("token ")).count();
    }

    public boolean isIn(String text) {
        return text.contains("ya29.");
    }

    @Override
    Answer confused(Exception unexpected) {
        return error(400, "INVALID_ARGUMENT", "unexpected: " + unexpected);
    }

    private static Answer json(int status, JsonObjectBuilder json) {
        return new Answer(status, "application/json", json.build().toString());
    }

    /** As Google does, it names what was asked for. */
    private static Answer error(int status, String name, String message) {
        return json(
                status,
                Json.createObjectBuilder()
                        .add(
                                "error",
                                Json.createObjectBuilder()
                                        .add("code", status)
                                        .add("message", message)
                                        .add("status", name)));
    }

    @Override
    Answer answered(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        String path = exchange.getRequestURI().getRawPath();
        String method = exchange.getRequestMethod();
        if (exchange.getRequestURI().getRawQuery() != null) {
            return error(400, "INVALID_ARGUMENT", "a query");
        }
        if (path.equals("/token") && method.equals("POST")) {
            return granted(exchange, new String(body, StandardCharsets.UTF_8));
        }
        if (path.equals(METADATA) && method.equals("GET")) {
            return "Google".equals(exchange.getRequestHeaders().getFirst("Metadata-Flavor"))
                    ? enabled ? token("token of the machine") : new Answer(404, "text/html", "<html>")
                    : new Answer(403, "text/html", "Missing Metadata-Flavor:Google header.");
        }
        if (!path.startsWith("/v1/") || !method.equals("POST")) {
            return new Answer(404, "text/html", "<html>");
        }
        return operated(exchange, path.substring("/v1/".length()), body);
    }

    private Answer token(String kind) {
        String token = "ya29.stand-in-" + tokens.size() + "-" + new SecureRandom().nextLong(Long.MAX_VALUE);
        tokens.put(token, clock.now().plus(life));
        asked().add(kind);
        return json(
                200,
                Json.createObjectBuilder()
                        .add("access_token", token)
                        .add("expires_in", life.toSeconds())
                        .add("token_type", "Bearer"));
    }

    private Answer granted(HttpExchange exchange, String body) throws GeneralSecurityException {
        Map<String, String> form = new HashMap<>();
        for (String part : body.split("&", -1)) {
            String[] pair = part.split("=", 2);
            form.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
        }
        String refused = !"application/x-www-form-urlencoded"
                                .equals(exchange.getRequestHeaders().getFirst("Content-Type"))
                        || !form.keySet().equals(Set.of("grant_type", "assertion"))
                        || !"urn:ietf:params:oauth:grant-type:jwt-bearer".equals(form.get("grant_type"))
                ? "the form"
                : refused(String.valueOf(form.get("assertion")));
        if (!refused.isEmpty() || !enabled) {
            return json(
                    400,
                    Json.createObjectBuilder()
                            .add("error", "invalid_grant")
                            .add("error_description", refused + " of " + form.get("assertion")));
        }
        return token("token for " + EMAIL);
    }

    /** Why the assertion is not the account's; empty if it is. */
    private String refused(String assertion) throws GeneralSecurityException {
        String[] parts = assertion.split("\\.", -1);
        if (parts.length != 3) {
            return "Not a JWT";
        }
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(account.getPublic());
        signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        if (!signature.verify(Base64.getUrlDecoder().decode(parts[2]))) {
            return "Invalid JWT Signature.";
        }
        JsonObject header = object(Base64.getUrlDecoder().decode(parts[0]));
        JsonObject claims = object(Base64.getUrlDecoder().decode(parts[1]));
        if (!header.getString("alg").equals("RS256") || !header.getString("kid").equals(KEY_ID)) {
            return "The header";
        }
        long now = clock.now().getEpochSecond();
        long from = claims.getJsonNumber("iat").longValue();
        long until = claims.getJsonNumber("exp").longValue();
        boolean shortLived = from <= now + 60 && from > now - 300 && until > now && until - from <= 3600;
        return claims.keySet().equals(CLAIMS)
                        && claims.getString("iss").equals(EMAIL)
                        && claims.getString("aud").equals(endpoint() + "/token")
                        && claims.getString("scope").equals("https://www.googleapis.com/auth/cloudkms")
                        && shortLived
                ? ""
                : "The claims";
    }

    private static JsonObject object(byte[] json) {
        return Json.createReader(new ByteArrayInputStream(json)).readObject();
    }

    private Answer operated(HttpExchange exchange, String path, byte[] body) throws GeneralSecurityException {
        String given = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        Instant until = tokens.get(given.replaceFirst("^Bearer ", ""));
        if (until == null || !clock.now().isBefore(until)) {
            return error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials: " + given);
        }
        if (isToFail()) {
            return new Answer(
                    failure,
                    "application/json",
                    failureText,
                    failure / 100 == 3 ? Map.of("Location", failureText) : Map.of());
        }
        String name = path.substring(0, path.lastIndexOf(':'));
        String operation = path.substring(path.lastIndexOf(':') + 1);
        if (!name.contains("/locations/europe-west3/")) {
            return error(
                    404, "NOT_FOUND", "The request concerns location 'x' but was sent to location 'europe-west3'.");
        }
        if (!allowed) {
            return error(
                    403, "PERMISSION_DENIED", "Permission denied on resource '" + name + "' (or it may not exist).");
        }
        Key key = keys.get(name);
        if (key == null) {
            return error(404, "NOT_FOUND", "CryptoKey " + name + " not found.");
        }
        boolean encrypt = operation.equals("encrypt");
        String field = encrypt ? "plaintext" : "ciphertext";
        JsonObject request = object(body);
        if (!request.keySet()
                        .equals(Set.of(
                                field,
                                field + "Crc32c",
                                "additionalAuthenticatedData",
                                "additionalAuthenticatedDataCrc32c"))
                || !(encrypt || operation.equals("decrypt"))) {
            return error(400, "INVALID_ARGUMENT", "Unknown name in " + request);
        }
        byte[] value = Base64.getDecoder().decode(request.getString(field));
        byte[] bound = Base64.getDecoder().decode(request.getString("additionalAuthenticatedData"));
        if (damage.equals("request")
                || !request.getString(field + "Crc32c").equals(sum(value))
                || !request.getString("additionalAuthenticatedDataCrc32c").equals(sum(bound))) {
            return error(400, "INVALID_ARGUMENT", "The checksum in field " + field + "_crc32c did not match the data.");
        }
        asked().add(operation + " " + name.substring(PLACE.length()) + " " + new String(bound, StandardCharsets.UTF_8));
        int version = encrypt ? key.versions.size() : ByteBuffer.wrap(value).getInt();
        if (version < 1 || version > key.versions.size()) {
            return error(400, "INVALID_ARGUMENT", "Decryption failed: the ciphertext is invalid.");
        }
        String state = key.states.getOrDefault(version, "ENABLED");
        if (!state.equals("ENABLED")) {
            return error(
                    400,
                    "FAILED_PRECONDITION",
                    name + "/cryptoKeyVersions/" + version + " is not enabled, current state is: " + state + ".");
        }
        return encrypt ? encrypted(name, key, version, value, bound) : decrypted(key, version, value, bound);
    }

    private static String sum(byte[] bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        return Long.toString(sum.getValue());
    }

    private Answer encrypted(String name, Key key, int version, byte[] plaintext, byte[] bound)
            throws GeneralSecurityException {
        byte[] nonce = new byte[12];
        new SecureRandom().nextBytes(nonce);
        byte[] sealed = cipher(Cipher.ENCRYPT_MODE, key, version, nonce, bound).doFinal(plaintext);
        byte[] all = ByteBuffer.allocate(4 + nonce.length + sealed.length)
                .putInt(version)
                .put(nonce)
                .put(sealed)
                .array();
        JsonObjectBuilder answer = Json.createObjectBuilder()
                .add("name", name.replace("projects/stand-in/", "projects/4711/") + "/cryptoKeyVersions/" + version)
                .add("protectionLevel", "SOFTWARE");
        if (!damage.equals("unverified")) {
            answer.add("verifiedPlaintextCrc32c", true).add("verifiedAdditionalAuthenticatedDataCrc32c", true);
        }
        return summed(answer, "ciphertext", all);
    }

    private Answer decrypted(Key key, int version, byte[] value, byte[] bound) {
        try {
            byte[] plaintext = cipher(Cipher.DECRYPT_MODE, key, version, Arrays.copyOfRange(value, 4, 16), bound)
                    .doFinal(value, 16, value.length - 16);
            return summed(Json.createObjectBuilder().add("usedPrimary", true), "plaintext", plaintext);
        } catch (GeneralSecurityException e) {
            return error(
                    400, "INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey.");
        }
    }

    private Answer summed(JsonObjectBuilder answer, String name, byte[] bytes) {
        return json(
                200,
                answer.add(name, Base64.getEncoder().encodeToString(bytes))
                        .add(name + "Crc32c", damage.equals("sum") ? "1" : sum(bytes)));
    }

    private static Cipher cipher(int mode, Key key, int version, byte[] nonce, byte[] bound)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(key.versions.get(version - 1), "AES"), new GCMParameterSpec(128, nonce));
        cipher.updateAAD(bound);
        return cipher;
    }
}
