package dev.nightshift.kernel;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes the ids of everything Nightshift stores: UUID version 7 (RFC 9562, section 5.7), so that ids sort by time. Those that
 * one process makes in the same millisecond sort in the order in which they were made: the 12 bits behind the time count
 * (section 6.2, method 1), from a random number below 2,048 on, so that at least 2,048 of them keep the order.
 */
public final class Ids {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int COUNTER_BITS = 12;

    /** The milliseconds and the counter of the newest id. */
    private static final AtomicLong NEWEST = new AtomicLong();

    private Ids() {}

    /** The smallest id that can have been made at a time: what was made since, by the same clock, is not less. */
    public static UUID first(Instant time) {
        return new UUID((Math.max(0, time.toEpochMilli()) << 16) | 0x7000L, 0x8000_0000_0000_0000L);
    }

    /** A new id whose first 48 bits are the clock's milliseconds since 1970. */
    public static UUID next(Clock clock) {
        long millis = clock.now().toEpochMilli();
        long start = (millis << COUNTER_BITS) | RANDOM.nextInt(1 << (COUNTER_BITS - 1));
        long made = NEWEST.updateAndGet(newest -> newest >>> COUNTER_BITS == millis ? newest + 1 : start);
        long high = (made >>> COUNTER_BITS << 16) | 0x7000L | (made & 0x0fffL);
        long low = (RANDOM.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }
}
