package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What OpenDAL 0.48.2 cannot ask of a container of Azure's: whether it has an immutability policy or a legal hold, and what its blobs show
 * of their own (learn.microsoft.com/rest/api/storageservices: Get Container Properties, List Blobs, Authorize with Shared Key). For
 * how many days a container's policy locks, and whether it is locked itself, the management's interface says alone, and another login; its
 * blobs do not show it.
 */
final class AzureContainer implements ObjectLocks {
    /** Lists show immutability from 2020-06-12 on. */
    private static final String VERSION = "2021-12-02";

    private static final int PAGE = 1000;

    /** Codes that refuse a login, whatever it asks for: learn.microsoft.com, "Common REST API error codes". */
    private static final Pattern OF_LOGIN =
            Pattern.compile("Authorization\\w*(Mismatch|Failure)|AuthenticationFailed|InsufficientAccountPermissions");

    /** Two digits of the day, which Java's own format for RFC 1123 does not always have. */
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);

    private static final String MEND =
            "Look at the account's name, and whether what opens the store is a shared access signature as Azure gives it, without"
                    + " quotes, or the account's key.";

    private final ServiceRequests requests;
    private final Supplier<Map<String, String>> settings;
    private final Clock clock = Clock.system();

    /** @param settings as OpenDAL takes them, see {@link RemoteAddress#settings}; asked for each time, for a login is renewed */
    AzureContainer(String title, Supplier<Map<String, String>> settings) {
        this.requests = new ServiceRequests(title);
        this.settings = settings;
    }

    @Override
    public String rights() {
        return "the account's key, or a shared access signature of the account that covers its containers and may read";
    }

    @Override
    public BucketLock lock() throws Unanswered {
        HttpResponse<byte[]> answer = asked("ask for the immutability policy", "HEAD", Map.of("restype", "container"));
        if (header(answer, "x-ms-immutable-storage-with-versioning-enabled").equals("true")) {
            throw new Unanswered(
                    "its container locks versions each by itself, of which Nightshift measures nothing", false);
        }
        return switch (header(answer, "x-ms-has-immutability-policy")) {
            case "true" -> BucketLock.UNSAID;
            case "false" -> header(answer, "x-ms-has-legal-hold").equals("true") ? BucketLock.HOLD : BucketLock.NONE;
            default -> throw new Unanswered("it does not answer as Azure's service does", false);
        };
    }

    @Override
    public Map<String, Store.Lock> locked(String begin) throws Unanswered {
        Prefix prefix = Prefix.of(settings.get());
        Map<String, String> query = new HashMap<>();
        query.put("restype", "container");
        query.put("comp", "list");
        query.put("prefix", prefix.inBucket(begin));
        query.put("include", "immutabilitypolicy,legalhold");
        query.put("maxresults", Integer.toString(PAGE));
        Map<String, Store.Lock> locked = new HashMap<>();
        Set<String> pages = new HashSet<>();
        while (true) {
            HttpResponse<byte[]> answer = asked("ask what is locked of " + begin, "GET", query);
            Instant now = ServiceRequests.now(answer);
            S3Text page = S3Text.of(answer.body());
            for (S3Text.Part blob : page.parts("Blob")) {
                prefix.inStore(blob.value("Name"))
                        .ifPresent(name -> lock(blob, now).ifPresent(lock -> locked.put(name, lock)));
            }
            String next = page.first("NextMarker");
            if (next.isEmpty()) {
                return locked;
            }
            if (!pages.add(next)) {
                throw new Unanswered(ServiceRequests.ENDLESS, false);
            }
            query.put("marker", next);
        }
    }

    private static Optional<Store.Lock> lock(S3Text.Part blob, Instant now) {
        if (blob.value("LegalHold").equals("true")) {
            return Optional.of(new Store.Lock(null));
        }
        try {
            Instant until = ZonedDateTime.parse(
                            blob.value("ImmutabilityPolicyUntilDate"), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return until.isAfter(now) ? Optional.of(new Store.Lock(until)) : Optional.empty();
        } catch (DateTimeException e) {
            return Optional.empty(); // it has none
        }
    }

    /** The container's own. */
    @Override
    public Optional<Store.Lock> named(Failure refused) {
        String said = refused.getMessage();
        return said.contains(RemoteCalls.IMMUTABLE)
                ? Optional.of(new Store.Lock(null, said.contains(RemoteCalls.IMMUTABLE + "LegalHold")))
                : Optional.empty();
    }

    @Override
    public boolean isOfLogin(Failure refused) {
        return OF_LOGIN.matcher(refused.getMessage()).find();
    }

    private static String header(HttpResponse<byte[]> answer, String name) {
        return answer.headers().firstValue(name).orElse("").toLowerCase(Locale.ROOT);
    }

    private HttpResponse<byte[]> asked(String doing, String method, Map<String, String> query) throws Unanswered {
        HttpResponse<byte[]> answer = requests.asked(doing, () -> request(method, query));
        if (answer.statusCode() != 200) {
            String code = answer.headers().firstValue("x-ms-error-code").orElse("");
            throw new Unanswered(
                    "HTTP " + answer.statusCode() + (code.isEmpty() ? "" : ", " + RemoteCalls.cut(code)), false);
        }
        return answer;
    }

    private HttpRequest request(String method, Map<String, String> query) throws Unanswered {
        try {
            return request(settings.get(), method, query);
        } catch (IllegalArgumentException e) { // the cause holds what opens it
            throw Unanswered.by("what opens it makes no address", MEND);
        }
    }

    private HttpRequest request(Map<String, String> now, String method, Map<String, String> query) throws Unanswered {
        StringBuilder address = new StringBuilder(
                Objects.requireNonNull(now.get("endpoint")).replaceFirst("/+$", "") + "/" + now.get("container") + "?");
        new TreeMap<>(query)
                .forEach((name, value) -> address.append(name)
                        .append('=')
                        .append(URLEncoder.encode(value, StandardCharsets.UTF_8))
                        .append('&'));
        String shared = now.getOrDefault("sas_token", "");
        URI uri = URI.create(shared.isEmpty() ? address.substring(0, address.length() - 1) : address + shared);
        String date = DATE.format(clock.now().atOffset(ZoneOffset.UTC));
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header("x-ms-version", VERSION);
        if (shared.isEmpty()) {
            request.header("x-ms-date", date).header("Authorization", sharedKey(now, method, uri, date, query));
        }
        return request.build();
    }

    /** Of a request without a body, whose other headers are not signed. */
    private static String sharedKey(
            Map<String, String> settings, String method, URI uri, String date, Map<String, String> query)
            throws Unanswered {
        String account = settings.getOrDefault("account_name", "");
        StringBuilder text = new StringBuilder(method)
                .append("\n".repeat(12))
                .append("x-ms-date:")
                .append(date)
                .append("\nx-ms-version:" + VERSION + "\n/")
                .append(account)
                .append(uri.getRawPath());
        new TreeMap<>(query)
                .forEach((name, value) ->
                        text.append('\n').append(name).append(':').append(value));
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(
                    Base64.getDecoder().decode(settings.getOrDefault("account_key", "")), "HmacSHA256"));
            return "SharedKey " + account + ":"
                    + Base64.getEncoder()
                            .encodeToString(mac.doFinal(text.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            throw Unanswered.by("its secret is no account key", MEND); // without the cause, which may hold a part
        }
    }
}
