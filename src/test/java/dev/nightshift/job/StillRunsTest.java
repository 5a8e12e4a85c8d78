package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class StillRunsTest {
    @Test
    void tenMinutesAreTooLongWhereNothingElseIsKnownOrTheJobIsUsuallyFaster() {
        assertFalse(StillRuns.isTooLong(Duration.ofMinutes(10), null));
        assertTrue(StillRuns.isTooLong(Duration.ofMinutes(11), null));
        assertFalse(StillRuns.isTooLong(Duration.ofMinutes(9), Duration.ofMinutes(1)));
        assertTrue(StillRuns.isTooLong(Duration.ofMinutes(11), Duration.ofMinutes(1)));
    }

    @Test
    void aJobThatTakesHoursMayStandStillForAsLong() {
        assertFalse(StillRuns.isTooLong(Duration.ofHours(2), Duration.ofHours(3)));
        assertTrue(StillRuns.isTooLong(Duration.ofHours(4), Duration.ofHours(3)));
    }
}
