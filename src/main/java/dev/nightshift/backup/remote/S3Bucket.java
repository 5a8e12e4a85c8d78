package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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

/**
 * What OpenDAL 0.48.2 cannot ask of a bucket of S3: whether it keeps versions and locks them, which there are, and to delete one.
 * Of the AWS SDK it is the signer alone.
 */
final class S3Bucket {
    /** For a whole answer, its body included. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration CONNECTED = Duration.ofSeconds(10);
    private static final int ATTEMPTS = 3;
    private static final Duration PAUSE = Duration.ofSeconds(1);

    /** What a service says of one object in the midst of others, or of all, and that passes. */
    private static final Set<String> PASSES = Set.of(
            "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted", "TooManyRequests");

    private static final int ASKED_TOO_OFTEN = 429;

    /** S3's own limit for one request. */
    private static final int MOST_DELETED = 1000;

    private static final String BUSY = "The service is asked too often: run fewer backups at once.";

    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECTED)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    private final String title;
    private final Map<String, String> settings;
    private final String base;
    private final String prefix;
    private final Duration patience;

    /** @param settings as OpenDAL takes them, see {@link RemoteAddress#settings} */
    S3Bucket(String title, Map<String, String> settings) {
        this(title, settings, PATIENCE);
    }

    S3Bucket(String title, Map<String, String> settings, Duration patience) {
        this.title = title;
        this.patience = patience;
        this.settings = Map.copyOf(settings);
        String endpoint = settings.getOrDefault("endpoint", "https://s3." + settings.get("region") + ".amazonaws.com");
        this.base = endpoint.replaceFirst("/+$", "") + "/" + settings.get("bucket");
        String root = Objects.requireNonNull(settings.get("root")).substring(1);
        this.prefix = root.isEmpty() ? "" : root + "/";
    }

    /**
     * One version of an object.
     *
     * @param name in the store
     * @param marker whether it says that the object is deleted
     * @param at when it was stored
     */
    record Version(String name, String id, boolean latest, boolean marker, long bytes, Instant at) {}

    /** The service does not know the question, or the login may not ask it. */
    static final class Unanswered extends Exception {
        private static final long serialVersionUID = 1;

        private final boolean unknown;

        Unanswered(String why, boolean unknown) {
            super(why);
            this.unknown = unknown;
        }

        /** Whether the service itself says that it has no such thing. */
        boolean isUnknown() {
            return unknown;
        }
    }

    private record Answer(HttpResponse<byte[]> response) {
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
    }

    /**
     * Whether what is deleted or replaced stays as a version.
     *
     * @throws Unanswered if that is not to be had
     */
    boolean keepsVersions() throws Unanswered {
        Answer answer = asked("ask for versioning", "GET", "", Map.of("versioning", ""), null);
        requireAnswered(answer, "versioning");
        if (!answer.isXml()) {
            throw new Unanswered(words(answer), false);
        }
        return !answer.text().first("Status").isEmpty(); // one that was suspended has those of before
    }

    /**
     * What the bucket does to each object by itself.
     *
     * @throws Unanswered if that is not to be had
     */
    BucketLock lock() throws Unanswered {
        Answer answer = asked("ask for the object lock", "GET", "", Map.of("object-lock", ""), null);
        if (answer.status() == 404
                && answer.isXml()
                && answer.text().first("Code").startsWith("ObjectLockConfiguration")) {
            return BucketLock.NONE;
        }
        requireAnswered(answer, "the object lock");
        S3Text text = answer.text();
        String mode = text.first("Mode");
        if (!text.first("ObjectLockEnabled").equals("Enabled") || mode.isEmpty()) {
            return BucketLock.NONE;
        }
        String years = text.first("Years");
        return new BucketLock(
                mode, years.isEmpty() ? Integer.parseInt(text.first("Days")) : 365 * Integer.parseInt(years));
    }

    private void requireAnswered(Answer answer, String what) throws Unanswered {
        if (answer.status() == 200) {
            return;
        }
        String code = answer.isXml() ? answer.text().first("Code") : "";
        switch (code) {
            case "NotImplemented", "MethodNotAllowed" -> throw new Unanswered(words(answer), true);
            case "AccessDenied" -> throw new Unanswered(words(answer), false);
            case "" -> {
                // Something that does not speak S3 so far: it says nothing of logins or of time that may pass
                switch (answer.status()) {
                    case 405, 501 -> throw new Unanswered(words(answer), true);
                    case 400, 403, 404 -> throw new Unanswered(words(answer), false);
                    default -> {}
                }
            }
            default -> {
                if (answer.status() == 404 && !code.equals("NoSuchBucket")) {
                    throw new Unanswered(words(answer), false);
                }
            }
        }
        throw refused("ask for " + what, "s3:GetBucketVersioning and s3:GetBucketObjectLockConfiguration", answer);
    }

    /** All whose names begin so, deleted ones and what says so included; those of one object the newest first. */
    List<Version> versions(String begin) {
        List<Version> all = new ArrayList<>();
        Map<String, String> query = new LinkedHashMap<>();
        query.put("versions", "");
        query.put("prefix", prefix + begin);
        while (true) {
            Answer answer = asked("list versions of " + begin, "GET", "", query, null);
            if (answer.status() != 200) {
                throw refused("list versions of " + begin, "s3:ListBucketVersions", answer);
            }
            S3Text page = answer.text();
            for (S3Text.Part part : page.parts("Version", "DeleteMarker")) {
                all.add(new Version(
                        part.value("Key").substring(prefix.length()),
                        part.value("VersionId"),
                        part.value("IsLatest").equals("true"),
                        part.name().equals("DeleteMarker"),
                        part.value("Size").isEmpty() ? 0 : Long.parseLong(part.value("Size")),
                        Instant.parse(part.value("LastModified"))));
            }
            String next = page.first("NextKeyMarker");
            if (!page.first("IsTruncated").equals("true") || next.isEmpty()) {
                return all;
            }
            query.put("key-marker", next);
            query.put("version-id-marker", page.first("NextVersionIdMarker"));
        }
    }

    /**
     * Deletes these versions for good.
     *
     * @return those that the server refused to, with the word that it said
     * @throws Failure.Retryable if it has no time for some of them, when asked again too
     */
    Map<Version, String> delete(List<Version> versions) {
        Map<Version, String> refused = new LinkedHashMap<>();
        for (int from = 0; from < versions.size(); from += MOST_DELETED) {
            List<Version> some = versions.subList(from, Math.min(versions.size(), from + MOST_DELETED));
            for (int attempt = 1; !some.isEmpty(); attempt++) {
                Map<Version, String> left = deleteOnce(some);
                some = left.keySet().stream()
                        .filter(each -> PASSES.contains(left.get(each)))
                        .toList();
                left.keySet().removeAll(some);
                refused.putAll(left);
                if (!some.isEmpty()) {
                    if (attempt == ATTEMPTS) {
                        throw new Failure.Retryable(
                                "The " + title + " has no time to delete " + some.size()
                                        + " versions (delete versions).",
                                BUSY,
                                null);
                    }
                    pause("delete versions", attempt);
                }
            }
        }
        return refused;
    }

    /** @return those that were not deleted, and why */
    private Map<Version, String> deleteOnce(List<Version> versions) {
        Answer answer = asked("delete versions", "POST", "", Map.of("delete", ""), S3Text.deletion(prefix, versions));
        Map<Version, String> left = new LinkedHashMap<>();
        if (answer.status() == 403
                && answer.isXml()
                && answer.text().first("Code").equals("AccessDenied")) {
            versions.forEach(each -> left.put(each, "AccessDenied"));
            return left;
        }
        if (answer.status() != 200) {
            throw refused("delete versions", "s3:DeleteObjectVersion", answer);
        }
        Map<String, String> errors = new LinkedHashMap<>();
        for (S3Text.Part error : answer.text().parts("Error")) {
            errors.put(error.value("Key") + "\n" + error.value("VersionId"), error.value("Code"));
        }
        for (Version each : versions) {
            String code = errors.get(prefix + each.name() + "\n" + each.id());
            if (code != null && !code.equals("NoSuchVersion")) {
                left.put(each, code);
            }
        }
        return left;
    }

    /**
     * What locks a version now, by the server's own clock; empty if nothing does, or the login may not see it.
     *
     * @throws Failure.NotFound if it is not there any more
     */
    Optional<Store.Lock> lockOf(Version version) {
        Answer answer =
                asked("look for " + version.name(), "HEAD", version.name(), Map.of("versionId", version.id()), null);
        if (answer.status() == 404) {
            throw new Failure.NotFound("The version of " + version.name() + " is not in the " + title + " any more.");
        }
        if (answer.status() != 200) {
            throw refused(
                    "look for a version of " + version.name(), "s3:GetObjectVersion and s3:GetObjectRetention", answer);
        }
        if (answer.header("x-amz-object-lock-legal-hold").equals("ON")) {
            return Optional.of(new Store.Lock(null));
        }
        String until = answer.header("x-amz-object-lock-retain-until-date");
        if (until.isEmpty()) {
            return Optional.empty();
        }
        Instant end = Instant.parse(until);
        return end.isAfter(now(answer)) ? Optional.of(new Store.Lock(end)) : Optional.empty();
    }

    private static Instant now(Answer answer) {
        try {
            return ZonedDateTime.parse(answer.header("date"), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
        } catch (DateTimeException e) {
            return Instant.EPOCH; // a server without a clock: what has an end is locked
        }
    }

    /** Tries again what may pass. */
    private Answer asked(String doing, String method, String name, Map<String, String> query, byte @Nullable [] body) {
        for (int attempt = 1; ; attempt++) {
            IOException lost = null;
            try {
                Answer answer = new Answer(whole(request(method, name, query, body)));
                int status = answer.status();
                boolean passes = (status >= 500 && status != 501) || status == ASKED_TOO_OFTEN;
                if (!passes || attempt == ATTEMPTS) {
                    return answer;
                }
            } catch (IOException e) {
                lost = e;
            } catch (InterruptedException e) {
                throw interrupted(doing, e);
            }
            if (lost != null && attempt == ATTEMPTS) {
                throw new Failure.Retryable(
                        "The " + title + " cannot be reached: "
                                + lost.getClass().getSimpleName() + " (" + doing + ").",
                        "Look at the store's service and the network to it.",
                        lost);
            }
            pause(doing, attempt);
        }
    }

    /** The client's own time ends with the headers; a body may drip for ever. */
    private HttpResponse<byte[]> whole(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> answer =
                CLIENT.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
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

    private void pause(String doing, int attempt) {
        try {
            Thread.sleep(PAUSE.multipliedBy(attempt).toMillis());
        } catch (InterruptedException e) {
            throw interrupted(doing, e);
        }
    }

    private Failure interrupted(String doing, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Failure.Retryable("Interrupted while waiting for the " + title + " (" + doing + ").", null, e);
    }

    private HttpRequest request(String method, String name, Map<String, String> query, byte @Nullable [] body) {
        String path = name.isEmpty() ? "" : "/" + SdkHttpUtils.urlEncodeIgnoreSlashes(prefix + name);
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

    private String words(Answer answer) {
        if (!answer.isXml()) {
            return "HTTP " + answer.status();
        }
        S3Text text = answer.text();
        String code = text.first("Code");
        return code.isEmpty() ? "HTTP " + answer.status() : code + ", " + RemoteCalls.cut(text.first("Message"));
    }

    /** @param rights without which it cannot be asked */
    private Failure refused(String doing, String rights, Answer answer) {
        String what = "The " + title + " refuses: " + words(answer) + " (" + doing + ").";
        if (answer.status() == ASKED_TOO_OFTEN) {
            return new Failure.Retryable(what, BUSY, null);
        }
        return answer.status() >= 500
                ? new Failure.Retryable(what, "Look at the store's service and the network to it.", null)
                : new Failure.Unusable(what, "Let the login that asks have " + rights + " there.", null);
    }
}
