package dev.nightshift.access;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How many requests a key may make on this node: a bucket of tokens for each, one for a request, filled again evenly. A
 * script may so be quick for a while and not for ever (token bucket, RFC 2697 in spirit).
 */
final class RequestLimit {
    /** Beyond this many keys, those that have not been used for long are forgotten: their buckets are full again. */
    private static final int MOST_KEYS = 10_000;

    private final int perMinute;
    private final Map<UUID, Bucket> buckets = new ConcurrentHashMap<>();

    private record Bucket(double tokens, Instant at) {}

    /** @param perMinute tokens of a full bucket, and how many come back in a minute */
    RequestLimit(int perMinute) {
        this.perMinute = perMinute;
    }

    /** Zero if the request may go on, else how long to wait before the next. */
    Duration take(UUID key, Instant now) {
        AtomicReference<Duration> wait = new AtomicReference<>(Duration.ZERO);
        buckets.compute(key, (id, before) -> {
            double tokens = before == null ? perMinute : filled(before, now);
            if (tokens >= 1) {
                return new Bucket(tokens - 1, now);
            }
            wait.set(Duration.ofMillis((long) Math.ceil((1 - tokens) * 60_000 / perMinute)));
            return new Bucket(tokens, now);
        });
        if (buckets.size() > MOST_KEYS) {
            buckets.values().removeIf(bucket -> filled(bucket, now) >= perMinute);
        }
        return wait.get();
    }

    private double filled(Bucket bucket, Instant now) {
        double minutes = Math.max(0, Duration.between(bucket.at(), now).toMillis()) / 60_000.0;
        return Math.min(perMinute, bucket.tokens() + minutes * perMinute);
    }
}
