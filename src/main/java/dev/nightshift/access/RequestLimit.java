package dev.nightshift.access;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How many requests a key may make on this node: a bucket of tokens for each, one for a request, filled again evenly. A
 * script may so be quick for a while and not for ever (a token bucket).
 */
final class RequestLimit {
    /** Beyond this many keys, those that have not been used for long are forgotten: their buckets are full again. */
    private static final int MOST_KEYS = 10_000;

    private final int perMinute;
    private final Map<UUID, Bucket> buckets = new ConcurrentHashMap<>();

    /** @param delay of the request that was the last: zero if it got its token */
    private record Bucket(double tokens, Instant at, Duration delay) {}

    /** @param perMinute tokens of a full bucket, and how many come back in a minute */
    RequestLimit(int perMinute) {
        this.perMinute = perMinute;
    }

    /** Zero if the request may go on, else how long to wait before the next. */
    Duration take(UUID key, Instant now) {
        Bucket bucket = Objects.requireNonNull(buckets.compute(key, (id, before) -> {
            double tokens = before == null ? perMinute : filled(before, now);
            return tokens >= 1
                    ? new Bucket(tokens - 1, now, Duration.ZERO)
                    : new Bucket(tokens, now, Duration.ofMillis((long) Math.ceil((1 - tokens) * 60_000 / perMinute)));
        }));
        if (buckets.size() > MOST_KEYS) {
            buckets.values().removeIf(each -> filled(each, now) >= perMinute);
        }
        return bucket.delay();
    }

    private double filled(Bucket bucket, Instant now) {
        double minutes = Math.max(0, Duration.between(bucket.at(), now).toMillis()) / 60_000.0;
        return Math.min(perMinute, bucket.tokens() + minutes * perMinute);
    }
}
