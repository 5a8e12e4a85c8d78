package dev.nightshift.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The retention policy and the holds of {@link GoogleStandIn}: cloud.google.com/storage/docs/bucket-lock and …/object-holds. */
public final class GoogleRetention {
    private final Map<String, Instant> stored = new ConcurrentHashMap<>();
    private final Set<String> held = ConcurrentHashMap.newKeySet();
    private volatile int lockDays;
    private volatile boolean isLocked;
    private volatile boolean tellsOfBucket = true;
    private volatile boolean mayDelete = true;
    private volatile boolean busy;

    GoogleRetention() {}

    /**
     * Of all that is stored, as a retention policy is.
     *
     * @param days 0 for none
     * @param locked whether nobody can shorten it any more
     */
    public void lockFor(int days, boolean locked) {
        lockDays = days;
        isLocked = locked;
    }

    /** Puts a temporary hold on an object, or lifts it. */
    public void hold(String name, boolean now) {
        if (now) {
            held.add(name);
        } else {
            held.remove(name);
        }
    }

    /** Whether the login may ask for the bucket itself. */
    public void tellOfBucket(boolean may) {
        tellsOfBucket = may;
    }

    /** Whether the login may delete and replace objects, which Google looks at before anything else. */
    public void letDelete(boolean may) {
        mayDelete = may;
    }

    /** Whether it has no time to say what is locked, while all else goes on. */
    public void busy(boolean now) {
        busy = now;
    }

    /** All that is stored is so much older. */
    public void pass(Duration time) {
        stored.replaceAll((name, at) -> at.minus(time));
    }

    boolean tellsOfBucket() {
        return tellsOfBucket;
    }

    /** A question of what is locked asks for some fields alone. */
    boolean isTooBusyFor(Map<String, String> query) {
        return busy && query.containsKey("fields");
    }

    void stored(String name) {
        stored.put(name, Instant.now());
    }

    void forget(String name) {
        stored.remove(name);
    }

    private Instant until(String name) {
        return lockDays == 0
                ? Instant.EPOCH
                : stored.getOrDefault(name, Instant.EPOCH).plus(Duration.ofDays(lockDays));
    }

    /** The answer's body, if it refuses that an object is deleted or replaced; null if it does not. */
    @Nullable
    String refusal(String name) {
        if (!mayDelete) {
            String message = "x does not have storage.objects.delete access to the Google Cloud Storage object.";
            return "{\"error\":{\"code\":403,\"message\":\"" + message + "\",\"errors\":[{\"message\":\"" + message
                    + "\",\"domain\":\"global\",\"reason\":\"forbidden\"}]}}";
        }
        String reason = held.contains(name)
                ? "objectUnderActiveHold"
                : until(name).isAfter(Instant.now()) ? "retentionPolicyNotMet" : null;
        if (reason == null) {
            return null;
        }
        String message = "Object '" + GoogleStandIn.BUCKET + "/" + name
                + "' is subject to bucket's retention policy or a hold and cannot be deleted or overwritten";
        return "{\"error\":{\"code\":403,\"message\":\"" + message + "\",\"errors\":[{\"message\":\"" + message
                + "\",\"domain\":\"global\",\"reason\":\"" + reason + "\"}]}}";
    }

    /** The bucket, as far as it was asked for. */
    String bucket() {
        return lockDays == 0
                ? "{\"kind\":\"storage#bucket\"}"
                : "{\"kind\":\"storage#bucket\",\"retentionPolicy\":{\"retentionPeriod\":\""
                        + Duration.ofDays(lockDays).toSeconds()
                        + "\",\"effectiveTime\":\"2026-01-01T00:00:00.000Z\"" + (isLocked ? ",\"isLocked\":true" : "")
                        + "}}";
    }

    /** What an object's description says of it, each with a comma behind. */
    String shown(String name) {
        return (held.contains(name) ? "\"temporaryHold\":true," : "")
                + (lockDays == 0 ? "" : "\"retentionExpirationTime\":\"" + until(name) + "\",");
    }
}
