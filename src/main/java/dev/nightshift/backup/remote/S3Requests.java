package dev.nightshift.backup.remote;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.AwsSessionCredentialsIdentity;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/** Signed requests to a bucket of S3, one after the other. Of the AWS SDK it is the signer alone. */
final class S3Requests {
    static final String BUSY = "The service is asked too often: run fewer backups at once.";

    /** For a whole answer, its body included. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final int ASKED_TOO_OFTEN = 429;

    private final String title;
    private final Map<String, String> settings;
    private final String base;
    private final Prefix prefix;
    private final Attempts attempts;
    private final Duration patience;

    /** @param settings as OpenDAL takes them, see {@link RemoteAddress#settings} */
    S3Requests(String title, Map<String, String> settings) {
        this(title, settings, PATIENCE);
    }

    S3Requests(String title, Map<String, String> settings, Duration patience) {
        this.title = title;
        this.patience = patience;
        this.settings = Map.copyOf(settings);
        String endpoint = settings.getOrDefault("endpoint", "https://s3." + settings.get("region") + ".amazonaws.com");
        this.base = endpoint.replaceFirst("/+$", "") + "/" + settings.get("bucket");
        this.prefix = Prefix.of(settings);
        this.attempts = new Attempts(title, status -> (status >= 500 && status != 501) || status == ASKED_TOO_OFTEN);
    }

    /** What the service says; of a body that is no XML the status counts alone. */
    record Answer(HttpResponse<byte[]> response) {
        int status() {
            return response.statusCode();
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        S3Text text() {
            return S3Text.of(response.body());
        }

        /** Whether it is what S3 answers, and nothing that stands between. */
        boolean isXml() {
            try {
                return response.body().length > 0 && text() != null;
            } catch (Failure e) {
                return false;
            }
        }

        /** What it says of a refusal, for people. */
        String words() {
            if (!isXml()) {
                return "HTTP " + status();
            }
            S3Text text = text();
            String code = text.first("Code");
            return code.isEmpty() ? "HTTP " + status() : code + ", " + RemoteCalls.cut(text.first("Message"));
        }
    }

    /** The store's, for people. */
    String title() {
        return title;
    }

    Prefix prefix() {
        return prefix;
    }

    /** For who asks again in the midst of an answer. */
    Attempts attempts() {
        return attempts;
    }

    /**
     * Asks, and tries again what may pass.
     *
     * @param doing for people, should it fail
     * @param name of an object in the store; the bucket itself if it is empty
     * @throws Failure.Retryable if the service cannot be reached
     */
    Answer asked(String doing, String method, String name, Map<String, String> query, byte @Nullable [] body) {
        return new Answer(attempts.asked(doing, () -> whole(request(method, name, query, body))));
    }

    /** The client's own time ends with the headers; a body may drip for ever. */
    private HttpResponse<byte[]> whole(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> answer =
                Attempts.CLIENT.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new HttpTimeoutException("No whole answer within " + patience.toSeconds() + " s");
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException lost ? lost : new IOException(e.getCause());
        } finally {
            answer.cancel(true); // gives the connection back where it is not over
        }
    }

    private HttpRequest request(String method, String name, Map<String, String> query, byte @Nullable [] body) {
        String path = name.isEmpty() ? "" : "/" + SdkHttpUtils.urlEncodeIgnoreSlashes(prefix.inBucket(name));
        SdkHttpRequest.Builder plain =
                SdkHttpRequest.builder().method(SdkHttpMethod.valueOf(method)).uri(URI.create(base + path));
        query.forEach(plain::putRawQueryParameter);
        if (body != null) {
            plain.putHeader("Content-MD5", md5(body));
        }
        SdkHttpRequest signed = AwsV4HttpSigner.create()
                .sign(asked -> asked.identity(identity())
                        .request(plain.build())
                        .payload(ContentStreamProvider.fromByteArray(body == null ? new byte[0] : body))
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                        .putProperty(AwsV4HttpSigner.REGION_NAME, settings.get("region"))
                        .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                        .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false))
                .request();
        HttpRequest.Builder request = HttpRequest.newBuilder(signed.getUri())
                .timeout(patience)
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        signed.forEachHeader((header, values) -> {
            if (!header.equalsIgnoreCase("Host")) { // the client says the same by itself, and lets nobody else say it
                values.forEach(value -> request.header(header, value));
            }
        });
        return request.build();
    }

    private AwsCredentialsIdentity identity() {
        String id = Objects.requireNonNull(settings.get("access_key_id"));
        String secret = Objects.requireNonNull(settings.get("secret_access_key"));
        String session = settings.get("session_token");
        return session == null
                ? AwsCredentialsIdentity.create(id, secret)
                : AwsSessionCredentialsIdentity.create(id, secret, session);
    }

    /** What the protocol asks for, against damage on the way. */
    private static String md5(byte[] body) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("MD5").digest(body));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * What to throw for an answer that is none.
     *
     * @param rights without which it cannot be asked
     */
    Failure refused(String doing, String rights, Answer answer) {
        String what = "The " + title + " refuses: " + answer.words() + " (" + doing + ").";
        if (answer.status() == ASKED_TOO_OFTEN) {
            return new Failure.Retryable(what, BUSY, null);
        }
        return answer.status() >= 500
                ? new Failure.Retryable(what, Attempts.MEND, null)
                : new Failure.Unusable(what, "Let the login that asks have " + rights + " there.", null);
    }
}
