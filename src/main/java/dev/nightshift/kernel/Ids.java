package dev.nightshift.kernel;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.UUID;

/** Makes the ids of everything Nightshift stores: UUID version 7 (RFC 9562, section 5.7), so that ids sort by time. */
public final class Ids {
    private static final SecureRandom RANDOM = new SecureRandom();

    private Ids() {}

    /** The smallest id that can have been made at a time: what was made since, by the same clock, is not less. */
    public static UUID first(Instant time) {
        return new UUID((Math.max(0, time.toEpochMilli()) << 16) | 0x7000L, 0x8000_0000_0000_0000L);
    }

    /** A new id whose first 48 bits are the clock's milliseconds since 1970. */
    public static UUID next(Clock clock) {
        long millis = clock.now().toEpochMilli();
        long high = (millis << 16) | 0x7000L | (RANDOM.nextInt() & 0x0fffL);
        long low = (RANDOM.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }
}
