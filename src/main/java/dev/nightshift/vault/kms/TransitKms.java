package dev.nightshift.vault.kms;

import com.google.crypto.tink.Aead;
import dev.nightshift.kernel.BoundedExchange;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Trust;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A key of the transit engine of HashiCorp Vault or OpenBao: two calls of its HTTP API, encrypt and decrypt.
 *
 * <p>The associated data goes along as {@code context}, which binds where the key is a derived one, and is passed over where it is not.
 * As {@code associated_data} it would bind with every key, but versions that do not know it pass over that, and what they wrapped would
 * not open after an upgrade.
 */
final class TransitKms implements Aead {
    /** Of one attempt. */
    static final Duration LONGEST = Duration.ofSeconds(5);

    private static final int ATTEMPTS = 3;
    private static final Duration FIRST_WAIT = Duration.ofMillis(250);
    private static final int MOST_BYTES = 64 * 1024;
    private static final int LONGEST_TOKEN = 8 * 1024;
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]+");

    /** Not yet replicated, too many requests, a standby that knows nothing, sealed, and what stands before it. */
    private static final Set<Integer> PASSING = Set.of(412, 429, 472, 473, 500, 502, 503, 504);

    private final KmsConfig config;
    private final HttpClient client;
    private final String engine;
    private final String key;
    private final Duration longest;

    TransitKms(KmsConfig config, Duration longest) {
        this.config = config;
        this.longest = longest;
        Matcher uri = KmsConfig.TRANSIT.matcher(config.uri());
        if (!uri.matches()) {
            throw new IllegalArgumentException(config + " is checked where it is read.");
        }
        String port = Optional.ofNullable(uri.group("port")).orElse("8200");
        this.engine = (uri.group("plain") == null ? "https://" : "http://") + uri.group("host") + ":" + port + "/v1/"
                + uri.group("mount");
        this.key = uri.group("key");
        try {
            this.client = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .sslContext(
                            config.rootCertificate().isEmpty()
                                    ? Trust.usual()
                                    : Trust.in(config.rootCertificate().get()))
                    .connectTimeout(longest)
                    .followRedirects(HttpClient.Redirect.NEVER) // the token would go along
                    .build();
        } catch (IOException | GeneralSecurityException e) {
            throw new Failure.Fatal(
                    "The certificates of NIGHTSHIFT_KMS_ROOT_CERTIFICATE cannot be read.",
                    "It must be a PEM file that this user can read.",
                    e);
        }
    }

    static TransitKms at(KmsConfig config) {
        return new TransitKms(config, LONGEST);
    }

    @Override
    public byte[] encrypt(byte[] plaintext, byte @Nullable [] associatedData) throws GeneralSecurityException {
        return answered("encrypt", "plaintext", base64(plaintext), associatedData, "ciphertext")
                .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] decrypt(byte[] ciphertext, byte @Nullable [] associatedData) throws GeneralSecurityException {
        String wrapped = new String(ciphertext, StandardCharsets.UTF_8);
        try {
            return Base64.getDecoder().decode(answered("decrypt", "ciphertext", wrapped, associatedData, "plaintext"));
        } catch (IllegalArgumentException e) {
            throw notTransit(e);
        }
    }

    private static String base64(byte @Nullable [] bytes) {
        return Base64.getEncoder().encodeToString(bytes == null ? new byte[0] : bytes);
    }

    private String answered(
            String operation, String name, String value, byte @Nullable [] associatedData, String wanted)
            throws GeneralSecurityException {
        String body = Json.createObjectBuilder()
                .add(name, value)
                .add("context", base64(associatedData))
                .build()
                .toString();
        HttpResponse<byte[]> answer = asked(URI.create(engine + "/" + operation + "/" + key), body);
        String text = new String(answer.body(), StandardCharsets.UTF_8);
        if (answer.statusCode() != 200) {
            throw refused(answer.statusCode(), text);
        }
        try (var reader = Json.createReader(new StringReader(text))) {
            JsonObject data = reader.readObject().getJsonObject("data");
            return data.getString(wanted);
        } catch (JsonException | ClassCastException | NullPointerException e) {
            throw notTransit(e);
        }
    }

    private Failure notTransit(Exception e) {
        return Kms.away(config.variable(), "does not answer as a transit engine does", e);
    }

    private HttpResponse<byte[]> asked(URI address, String body) {
        String used = "";
        Duration wait = FIRST_WAIT;
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == ATTEMPTS;
            String token = token();
            try {
                HttpResponse<byte[]> answer =
                        BoundedExchange.send(client, request(address, token, body), longest, MOST_BYTES);
                boolean renewed = answer.statusCode() == 403 && !token.equals(used);
                if (last || !(renewed || PASSING.contains(answer.statusCode()))) {
                    return answer;
                }
            } catch (IOException e) {
                if (last || Thread.currentThread().isInterrupted()) {
                    throw Kms.away(config.variable(), "cannot be reached", e);
                }
            }
            used = token;
            pause(wait);
            wait = wait.multipliedBy(2);
        }
    }

    private HttpRequest request(URI address, String token, String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(address)
                .header("Content-Type", "application/json")
                .header("X-Vault-Request", "true") // an agent may insist
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (!token.isEmpty()) {
            request.header("X-Vault-Token", token);
        }
        config.namespace().ifPresent(name -> request.header("X-Vault-Namespace", name));
        return request.build();
    }

    /** Read each time: whoever renews it writes the file anew. */
    private String token() {
        if (config.tokenFile().isEmpty()) {
            return config.token().map(this::checked).orElse("");
        }
        Path file = config.tokenFile().get();
        try (var in = Files.newInputStream(file)) {
            return checked(new String(in.readNBytes(LONGEST_TOKEN + 1), StandardCharsets.UTF_8).strip());
        } catch (IOException e) {
            throw new Failure.Retryable(
                    "The token for the KMS cannot be read: " + file + ".", "Make it readable by this user.", e);
        }
    }

    private String checked(String token) {
        if (token.length() > LONGEST_TOKEN || !TOKEN.matcher(token).matches()) {
            throw new Failure.Retryable(
                    "The token for the KMS of " + config.variable() + " is empty, or no token.",
                    "Write it into the file alone, as the KMS gave it.",
                    null);
        }
        return token;
    }

    private void pause(Duration most) {
        try {
            Thread.sleep(most.toMillis() / 2 + ThreadLocalRandom.current().nextLong(most.toMillis() / 2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Kms.away(config.variable(), "was not waited for", e);
        }
    }

    /** In our words: who answers there may be anybody, and may say anything back. */
    private Failure refused(int status, String text) throws GeneralSecurityException {
        if (status == 403) {
            return new Failure.Retryable(
                    "The KMS of " + config.variable() + " refuses the token: it has expired, or may not use the key.",
                    "Renew the token, or allow its policy \"update\" on encrypt/" + key + " and decrypt/" + key + ".",
                    null);
        }
        if (status == 503 && text.contains("sealed")) {
            return new Failure.Retryable("The KMS of " + config.variable() + " is sealed.", "Unseal it.", null);
        }
        if (PASSING.contains(status)) {
            return Kms.away(config.variable(), "answers with " + status, null);
        }
        if (status >= 300 && status < 400) {
            return new Failure.Fatal(
                    "The KMS of " + config.variable() + " points elsewhere, and no token is sent there.",
                    "Name the node that it points to, or one that forwards requests.",
                    null);
        }
        if (status == 404 || text.contains("encryption key not found")) {
            return Kms.unknown(config.variable());
        }
        if (text.contains("disallowed by policy")) {
            return new Failure.Fatal(
                    "The KMS no longer opens what this version of the key of " + config.variable() + " wrapped.",
                    "Lower the key's min_decryption_version; then let rotate-master-key wrap by the newest version.",
                    null);
        }
        if (text.contains("message authentication failed") || text.contains("invalid ciphertext")) {
            throw new GeneralSecurityException("The key of " + config.variable() + " does not open this.");
        }
        return new Failure.Fatal(
                "The KMS of " + config.variable() + " refuses the request with " + status + ".",
                "The key must be one that encrypts and decrypts, such as aes256-gcm96.",
                null);
    }
}
