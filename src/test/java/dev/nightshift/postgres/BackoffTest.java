package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private final Backoff backoff = new Backoff(10, Duration.ofMillis(500), Duration.ofSeconds(30));

    @Property
    void noWaitIsNegativeOrPassesTheCapOrTheDoubledBase(
            @ForAll @IntRange(min = 1, max = 1_000) int failures,
            @ForAll @DoubleRange(min = 0, max = 1, maxIncluded = false) double random) {
        long wait = backoff.wait(failures, random).toMillis();
        assertTrue(wait >= 0 && wait <= 30_000);
        assertTrue(failures > 10 || wait <= 500L << (failures - 1));
    }

    @Property
    void theJitterSpreadsOverTheWholeWait(@ForAll @DoubleRange(min = 0, max = 1, maxIncluded = false) double random) {
        assertEquals((long) (2_000 * random), backoff.wait(3, random).toMillis());
    }

    @Test
    void aBackoffHasAtLeastOneAttempt() {
        assertThrows(IllegalArgumentException.class, () -> new Backoff(0, Duration.ZERO, Duration.ZERO));
        assertEquals(1, Backoff.never().attempts());
    }
}
