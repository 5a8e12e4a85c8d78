package dev.nightshift.vault.kms;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens for Google's services: for the key of a service account, which signs a request for one (RFC 7523, as in
 * developers.google.com/identity/protocols/oauth2/service-account), or from the metadata server of the machine or the pod. One serves
 * until shortly before its end.
 */
final class GoogleLogin {
    static final String SCOPE = "https://www.googleapis.com/auth/cloudkms";
    static final URI METADATA =
            URI.create("http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token");

    private static final String GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    private static final int MOST_BYTES = 64 * 1024;
    private static final Duration ASSERTED = Duration.ofMinutes(10);

    /** The metadata server hands out the same one until it has about 4 minutes left. */
    private static final Duration BEFORE_ITS_END = Duration.ofMinutes(3);

    private static final long LONGEST_SECONDS = Duration.ofHours(12).toSeconds();
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1,8192}");
    private static final Pattern HOST = Pattern.compile("(https?://[^/?#]+)(/[^?#]*)?");
    /** For another thread that asks for one. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final Set<Integer> PASSING = Set.of(408, 429, 500, 502, 503, 504);

    private final KmsConfig config;
    private final KmsHttp http;
    private final Clock clock;
    private final URI metadata;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile @Nullable Access held;

    /** @param until when another one is asked for */
    private record Access(String token, Instant until) {
        @Override
        public String toString() {
            return "Access[until " + until + "]";
        }
    }

    private record Account(String email, String keyId, PrivateKey key, URI tokens) {
        @Override
        public String toString() {
            return "Account[" + email + "]";
        }
    }

    GoogleLogin(KmsConfig config, KmsHttp http, Clock clock, URI metadata) {
        this.config = config;
        this.http = http;
        this.clock = clock;
        this.metadata = metadata;
    }

    /**
     * One that has a while to go.
     *
     * @throws Failure.Retryable if none is to be had; what it is asked with is read again each time
     */
    String token() {
        String token = serving();
        if (token != null) {
            return token;
        }
        if (!locked()) {
            throw new Failure.Retryable(
                    "The access token for the KMS is being asked for.", "Try again in a moment.", null);
        }
        try {
            token = serving();
            if (token != null) {
                return token;
            }
            Access fresh = config.credentialsFile().isPresent()
                    ? signedFor(account(config.credentialsFile().get()))
                    : machines();
            held = fresh;
            return fresh.token();
        } finally {
            asking.unlock();
        }
    }

    private @Nullable String serving() {
        Access known = held;
        return known != null && clock.now().isBefore(known.until()) ? known.token() : null;
    }

    /** Whoever waits for another's question does not ask after it: a service that is away would be waited for one by one. */
    private boolean locked() {
        try {
            return asking.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** It does not open the service any more; others may have noticed before. */
    void refused(String token) {
        Access known = held;
        if (known != null && known.token().equals(token)) {
            held = null;
        }
    }

    private Access signedFor(Account account) {
        HttpResponse<byte[]> answer = http.asked(
                question(() -> {
                    String form = "grant_type=" + encoded(GRANT) + "&assertion=" + encoded(assertion(account));
                    return HttpRequest.newBuilder(account.tokens())
                            .header("Content-Type", "application/x-www-form-urlencoded")
                            .POST(HttpRequest.BodyPublishers.ofString(form))
                            .build();
                }),
                "cannot be logged in to: Google's service for access tokens cannot be reached");
        if (answer.statusCode() >= 400 && answer.statusCode() < 500 && !PASSING.contains(answer.statusCode())) {
            throw useless(
                    "are refused by Google's service for access tokens",
                    "See in the console whether the service account and its key are there and enabled, and whether this"
                            + " machine's clock is right. The file is read again.");
        }
        return access(answer);
    }

    private Access machines() {
        HttpResponse<byte[]> answer = http.asked(
                question(() -> HttpRequest.newBuilder(metadata)
                        .header("Metadata-Flavor", "Google")
                        .GET()
                        .build()),
                "cannot be logged in to: this machine has no metadata server of Google's that answers, and "
                        + credentialsVariable() + " is not set");
        if (answer.statusCode() == 404) {
            throw useless(
                    "are none: this machine or pod has no service account",
                    "Attach one to it, or set " + credentialsVariable() + ".");
        }
        return access(answer);
    }

    private String credentialsVariable() {
        return config.variable().replace("MASTER_KEY_URI", "KMS_CREDENTIALS_FILE");
    }

    private interface Request {
        HttpRequest made();
    }

    private static KmsHttp.Question question(Request request) {
        return new KmsHttp.Question() {
            @Override
            public HttpRequest request() {
                return request.made();
            }

            @Override
            public boolean isPassing(HttpResponse<byte[]> answer) {
                return PASSING.contains(answer.statusCode());
            }
        };
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private String assertion(Account account) {
        Instant now = clock.now();
        JWTClaimsSet claims = new JWTClaimsSet.Builder()
                .issuer(account.email())
                .audience(account.tokens().toString())
                .claim("scope", SCOPE)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(ASSERTED)))
                .build();
        SignedJWT signed = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .type(JOSEObjectType.JWT)
                        .keyID(account.keyId())
                        .build(),
                claims);
        try {
            signed.sign(new RSASSASigner(account.key()));
        } catch (JOSEException | IllegalArgumentException e) {
            throw useless(
                    "are no key that can sign", "Download a new key of the service account."); // without the cause
        }
        return signed.serialize();
    }

    private Access access(HttpResponse<byte[]> answer) {
        if (answer.statusCode() != 200) {
            throw Kms.away(
                    config.variable(),
                    "cannot be logged in to: what gives access tokens answers with " + answer.statusCode(),
                    null);
        }
        try (var reader = Json.createReader(new StringReader(KmsHttp.text(answer)))) {
            JsonObject json = reader.readObject();
            String token = json.getString("access_token");
            long seconds = json.getJsonNumber("expires_in").longValue();
            if (TOKEN.matcher(token).matches() && seconds > 0) {
                Duration life = Duration.ofSeconds(Math.min(seconds, LONGEST_SECONDS));
                Duration rest = life.dividedBy(2);
                return new Access(
                        token,
                        clock.now().plus(life).minus(rest.compareTo(BEFORE_ITS_END) < 0 ? rest : BEFORE_ITS_END));
            }
        } catch (JsonException | ClassCastException | NullPointerException e) {
            // said below, without the cause: its text may hold the token
        }
        throw Kms.away(config.variable(), "cannot be logged in to: what should give access tokens gives none", null);
    }

    private Account account(Path file) {
        String text;
        try (var in = Files.newInputStream(file)) {
            text = new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new Failure.Retryable(
                    "The credentials for the KMS of " + config.variable() + " cannot be read from their file.",
                    "Make the file readable by this user.",
                    e);
        }
        try (var reader = Json.createReader(new StringReader(text))) {
            JsonObject json = reader.readObject();
            if (!json.getString("type", "").equals("service_account")) {
                throw useless(
                        "are not the key of a service account",
                        "Make a key of the type JSON for one. Other kinds of credentials are not taken.");
            }
            String tokens = json.getString("token_uri", "https://oauth2.googleapis.com/token");
            var parts = HOST.matcher(tokens);
            if (!parts.matches() || !KmsConfig.isSafe(parts.group(1))) {
                throw useless("name a token_uri that is no https:// address", "Download the key anew.");
            }
            return new Account(
                    json.getString("client_email"),
                    json.getString("private_key_id"),
                    key(json.getString("private_key")),
                    URI.create(tokens));
        } catch (JsonException
                | ClassCastException
                | NullPointerException
                | IllegalArgumentException
                | GeneralSecurityException e) {
            // without the cause: its text may hold what it met
            throw useless("are not the JSON of a service account's key", "Download the key anew.");
        }
    }

    private static PrivateKey key(String pem) throws GeneralSecurityException {
        byte[] bytes = Base64.getDecoder().decode(pem.replaceAll("-----[A-Z ]+-----|\\s", ""));
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(bytes));
    }

    private Failure.Retryable useless(String why, String remedy) {
        return new Failure.Retryable(
                "The credentials for the KMS of " + config.variable() + " " + why + ".", remedy, null);
    }
}
