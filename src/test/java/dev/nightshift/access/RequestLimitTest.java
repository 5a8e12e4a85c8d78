package dev.nightshift.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RequestLimitTest {
    private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
    private static final UUID KEY = new UUID(0, 1);

    private final RequestLimit limit = new RequestLimit(60);

    private void spend(int requests) {
        for (int i = 0; i < requests; i++) {
            assertEquals(Duration.ZERO, limit.take(KEY, NOW));
        }
    }

    @Test
    void aFullBucketIsSpentAtOnceAndTheNextRequestHearsHowLongToWait() {
        spend(60);
        assertEquals(Duration.ofSeconds(1), limit.take(KEY, NOW));
    }

    @Test
    void itFillsEvenlyAndNeverBeyondItsBrim() {
        spend(60);
        assertEquals(Duration.ZERO, limit.take(KEY, NOW.plusSeconds(1)));
        assertEquals(Duration.ofSeconds(1), limit.take(KEY, NOW.plusSeconds(1)));
        Instant muchLater = NOW.plus(Duration.ofDays(1));
        for (int i = 0; i < 60; i++) {
            assertEquals(Duration.ZERO, limit.take(KEY, muchLater));
        }
        assertEquals(Duration.ofSeconds(1), limit.take(KEY, muchLater));
    }

    @Test
    void waitingInVainCostsNothing() {
        spend(60);
        for (int i = 0; i < 100; i++) {
            limit.take(KEY, NOW);
        }
        assertEquals(Duration.ZERO, limit.take(KEY, NOW.plusSeconds(1)));
    }

    @Test
    void aKeyDoesNotPayForAnother() {
        spend(60);
        assertEquals(Duration.ZERO, limit.take(new UUID(0, 2), NOW));
    }

    @Test
    void aClockThatIsSetBackTakesNothingAway() {
        spend(59);
        assertEquals(Duration.ZERO, limit.take(KEY, NOW.minusSeconds(600)));
    }
}
