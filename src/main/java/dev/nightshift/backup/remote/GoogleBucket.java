package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What OpenDAL 0.48.2 cannot ask of a bucket of Google's: its retention policy, and what holds and retention keep of its objects
 * (cloud.google.com/storage/docs/json_api/v1, the resources of buckets and objects).
 */
final class GoogleBucket implements ObjectLocks {
    private static final String GOOGLES = "https://storage.googleapis.com";
    private static final String OTHERWISE = "it does not answer as Google's service does";
    private static final int PAGE = 1000;

    private final ServiceRequests requests;
    private final Supplier<Map<String, String>> settings;
    private final GoogleAccess access;

    /** @param settings as OpenDAL takes them, see {@link RemoteAddress#settings}; asked for each time, for a login is renewed */
    GoogleBucket(String title, Supplier<Map<String, String>> settings) {
        this.requests = new ServiceRequests(title);
        this.settings = settings;
        this.access = new GoogleAccess(requests, Clock.system());
    }

    @Override
    public String rights() {
        return "storage.buckets.get and storage.objects.list";
    }

    @Override
    public BucketLock lock() throws Unanswered {
        HttpResponse<byte[]> answer =
                asked("ask for the retention policy", "", "fields=kind,retentionPolicy,defaultEventBasedHold");
        JsonObject bucket = json(answer);
        if (!bucket.getString("kind", "").equals("storage#bucket")) {
            throw new Unanswered(OTHERWISE, false); // what lacks in it would say that nothing is locked
        }
        if (!(bucket.get("retentionPolicy") instanceof JsonObject policy)) {
            return isTrue(bucket, "defaultEventBasedHold") ? BucketLock.HOLD : BucketLock.NONE;
        }
        try {
            long seconds = Long.parseLong(
                    policy.get("retentionPeriod") instanceof JsonString text
                            ? text.getString() // a 64-bit number is text in Google's JSON
                            : String.valueOf(policy.get("retentionPeriod")));
            return new BucketLock(
                    isTrue(policy, "isLocked") ? "LOCKED" : "UNLOCKED",
                    Math.toIntExact(Duration.ofSeconds(seconds).toDays()));
        } catch (NumberFormatException | ArithmeticException e) {
            throw new Unanswered("its retention policy has no period that is a number of seconds", false);
        }
    }

    private static boolean isTrue(JsonObject json, String name) {
        return JsonValue.TRUE.equals(json.get(name));
    }

    @Override
    public Map<String, Store.Lock> locked(String begin) throws Unanswered {
        Prefix prefix = Prefix.of(settings.get());
        Map<String, Store.Lock> locked = new HashMap<>();
        Set<String> pages = new HashSet<>();
        String page = "";
        do {
            HttpResponse<byte[]> answer = asked(
                    "ask what is locked of " + begin,
                    "/o",
                    "prefix=" + encoded(prefix.inBucket(begin)) + "&maxResults=" + PAGE + "&fields="
                            + encoded("nextPageToken,items(name,temporaryHold,eventBasedHold,retentionExpirationTime,"
                                    + "retention/retainUntilTime)")
                            + (page.isEmpty() ? "" : "&pageToken=" + encoded(page)));
            JsonObject listed = json(answer);
            Instant now = ServiceRequests.now(answer);
            if (listed.get("items") instanceof JsonArray items) {
                for (JsonValue item : items) {
                    if (item instanceof JsonObject object) {
                        prefix.inStore(object.getString("name", ""))
                                .ifPresent(name -> lock(object, now).ifPresent(lock -> locked.put(name, lock)));
                    }
                }
            }
            page = listed.getString("nextPageToken", "");
            if (!pages.add(page)) {
                throw new Unanswered(ServiceRequests.ENDLESS, false);
            }
        } while (!page.isEmpty());
        return locked;
    }

    /** The later of what its bucket and what it itself retains it for; the service says the first alone under a hold. */
    private static Optional<Store.Lock> lock(JsonObject object, Instant now) {
        if (isTrue(object, "temporaryHold") || isTrue(object, "eventBasedHold")) {
            return Optional.of(new Store.Lock(null));
        }
        Instant until = time(object, "retentionExpirationTime");
        if (object.get("retention") instanceof JsonObject own
                && time(own, "retainUntilTime").isAfter(until)) {
            until = time(own, "retainUntilTime");
        }
        return until.isAfter(now) ? Optional.of(new Store.Lock(until)) : Optional.empty();
    }

    private static Instant time(JsonObject json, String name) {
        try {
            return Instant.parse(json.getString(name, ""));
        } catch (DateTimeException e) {
            return Instant.MIN; // it has none
        }
    }

    @Override
    public boolean isOfLogin(Failure refused) {
        String said = refused.getMessage();
        return said.contains("does not have storage.") || said.contains("Invalid Credentials");
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private HttpResponse<byte[]> asked(String doing, String path, String query) throws Unanswered {
        HttpResponse<byte[]> answer = requests.asked(doing, () -> {
            Map<String, String> now = settings.get();
            HttpRequest.Builder request = HttpRequest.newBuilder(
                    URI.create(now.getOrDefault("endpoint", GOOGLES).replaceFirst("/+$", "") + "/storage/v1/b/"
                            + encoded(Objects.requireNonNull(now.get("bucket"))) + path + "?" + query));
            Optional<String> token = access.token(now);
            try {
                token.ifPresent(each -> request.header("Authorization", "Bearer " + each));
            } catch (IllegalArgumentException e) { // the cause holds it
                throw Unanswered.by(
                        "what opens it is no token", "Give the access token alone, without any other character.");
            }
            return request.build();
        });
        if (answer.statusCode() != 200) {
            String said = message(answer);
            throw new Unanswered("HTTP " + answer.statusCode() + (said.isEmpty() ? "" : ", " + said), false);
        }
        return answer;
    }

    private static JsonObject json(HttpResponse<byte[]> answer) throws Unanswered {
        JsonObject json = read(answer);
        if (json == null) {
            throw new Unanswered(OTHERWISE, false);
        }
        return json;
    }

    private static String message(HttpResponse<byte[]> answer) {
        JsonObject json = read(answer);
        return json != null && json.get("error") instanceof JsonObject error
                ? RemoteCalls.cut(error.getString("message", ""))
                : "";
    }

    private static @Nullable JsonObject read(HttpResponse<byte[]> answer) {
        try (var reader = Json.createReader(new StringReader(ServiceRequests.text(answer)))) {
            return reader.readObject();
        } catch (JsonException e) {
            return null;
        }
    }
}
