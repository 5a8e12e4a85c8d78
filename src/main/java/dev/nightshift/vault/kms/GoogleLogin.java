package dev.nightshift.vault.kms;

import dev.nightshift.google.AccessToken;
import dev.nightshift.google.ServiceAccount;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens for the KMS at Google: for the key of a service account, which signs a request for one, or from the metadata server of
 * the machine or the pod.
 */
final class GoogleLogin {
    static final String SCOPE = "https://www.googleapis.com/auth/cloudkms";
    static final URI METADATA =
            URI.create("http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token");

    private static final int MOST_BYTES = 64 * 1024;
    private static final long LONGEST_SECONDS = Duration.ofHours(12).toSeconds();
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1,8192}");
    private static final String NOT_WHOLE = "are not the JSON of a service account's key";
    private static final String ANEW = "Download the key anew.";

    private static final Pattern HOST = Pattern.compile("(https?://[^/?#]+)(/[^?#]*)?");

    /** For another thread that asks for one. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final KmsConfig config;
    private final KmsHttp http;
    private final Clock clock;
    private final URI metadata;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile @Nullable AccessToken held;

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
            AccessToken fresh = config.credentialsFile().isPresent()
                    ? signedFor(account(config.credentialsFile().get()))
                    : machines();
            held = fresh;
            return fresh.token();
        } finally {
            asking.unlock();
        }
    }

    private @Nullable String serving() {
        AccessToken known = held;
        return known != null && known.serves(clock.now()) ? known.token() : null;
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
        AccessToken known = held;
        if (known != null && known.token().equals(token)) {
            held = null;
        }
    }

    private AccessToken signedFor(ServiceAccount account) {
        HttpResponse<byte[]> answer = http.asked(
                question(() -> signed(account)),
                "cannot be logged in to: Google's service for access tokens cannot be reached");
        if (answer.statusCode() >= 400
                && answer.statusCode() < 500
                && !GoogleKms.PASSING.contains(answer.statusCode())) {
            throw useless(
                    "are refused by Google's service for access tokens",
                    "See in the console whether the service account and its key are there and enabled, and whether this"
                            + " machine's clock is right. The file is read again.");
        }
        return access(answer);
    }

    private AccessToken machines() {
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
                return GoogleKms.PASSING.contains(answer.statusCode());
            }
        };
    }

    private HttpRequest signed(ServiceAccount account) {
        try {
            return account.question(SCOPE, clock.now());
        } catch (GeneralSecurityException e) {
            throw useless(
                    "are no key that can sign", "Download a new key of the service account."); // without the cause
        }
    }

    private AccessToken access(HttpResponse<byte[]> answer) {
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
                return AccessToken.of(token, Duration.ofSeconds(Math.min(seconds, LONGEST_SECONDS)), clock.now());
            }
        } catch (JsonException | ClassCastException | NullPointerException e) {
            // said below, without the cause: its text may hold the token
        }
        throw Kms.away(config.variable(), "cannot be logged in to: what should give access tokens gives none", null);
    }

    private ServiceAccount account(Path file) {
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
            var parts = HOST.matcher(ServiceAccount.tokens(json));
            if (!parts.matches() || !KmsConfig.isSafe(parts.group(1))) {
                throw useless("name a token_uri that is no https:// address", ANEW);
            }
            ServiceAccount account = ServiceAccount.of(json);
            if (account.keyId().isEmpty()) { // of Google's own files each names it
                throw useless(NOT_WHOLE, ANEW);
            }
            return account;
        } catch (JsonException
                | ClassCastException
                | NullPointerException
                | IllegalArgumentException
                | GeneralSecurityException e) {
            // without the cause: its text may hold what it met
            throw useless(NOT_WHOLE, ANEW);
        }
    }

    private Failure.Retryable useless(String why, String remedy) {
        return new Failure.Retryable(
                "The credentials for the KMS of " + config.variable() + " " + why + ".", remedy, null);
    }
}
