package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.job.ClockOffset.Sample;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ClockOffsetTest {
    private static final Instant ASKED = Instant.parse("2026-11-29T02:00:00Z");

    private final ClockOffset offset = new ClockOffset();

    /** The database's clock is behind by that many milliseconds, and read when the question has taken half of its time. */
    private static Sample sample(long roundTrip, long ahead) {
        return Sample.of(ASKED, ASKED.plusMillis(roundTrip / 2 - ahead), ASKED.plusMillis(roundTrip));
    }

    private static Duration millis(long millis) {
        return Duration.ofMillis(millis);
    }

    @Test
    void theDatabaseReadsItsClockInTheMiddleOfTheRoundTrip() {
        assertEquals(new Sample(millis(4), millis(300)), sample(4, 300));
        assertEquals(new Sample(millis(4), millis(-300)), sample(4, -300));
    }

    /** The pause falls between the database's answer and the look at the own clock: half of it looks like an offset. */
    @Test
    void aPauseOfTheJvmIsNoOffset() {
        assertEquals(millis(10), offset.heard(sample(4, 10)));
        Sample paused = Sample.of(ASKED, ASKED.plusMillis(2 - 10), ASKED.plusMillis(9_000));
        assertEquals(millis(4_508), paused.offset());
        assertEquals(millis(10), offset.heard(paused));
    }

    @Test
    void aClockThatWasSetShowsWhenWhatWasHeardBeforeIsForgotten() {
        assertEquals(millis(0), offset.heard(sample(2, 0)));
        for (int i = 1; i < ClockOffset.LAST; i++) {
            assertEquals(millis(0), offset.heard(sample(4, 5_000)));
        }
        assertEquals(millis(5_000), offset.heard(sample(4, 5_000)));
    }
}
