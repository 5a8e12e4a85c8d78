package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class RestorePaceTest {
    private static RestorePace pace(RestorePace.Part part, long bytes, long millis) {
        return new RestorePace(part, RestorePace.Kind.DRILL, null, "local", Instant.EPOCH, bytes, millis);
    }

    @Test
    void timesAreInProportionToWhatWasMeasured() {
        assertEquals(3000L, pace(RestorePace.Part.FILES, 1000, 1000).millisFor(3000));
        assertEquals(500L, pace(RestorePace.Part.LOG, 1000, 1000).millisFor(500));
    }

    @Test
    void aStartTakesNoLessForLessLog() {
        assertEquals(2000L, pace(RestorePace.Part.REPLAY, 1000, 2000).millisFor(10));
        assertEquals(2000L, pace(RestorePace.Part.REPLAY, 0, 2000).millisFor(0));
        long much = 100L << 20;
        assertEquals(6000L, pace(RestorePace.Part.REPLAY, much, 2000).millisFor(3 * much));
    }

    @Test
    void whatReplayedLittleSaysNothingOfMuch() {
        assertEquals(2000L, pace(RestorePace.Part.REPLAY, 1000, 2000).millisFor(3000));
        assertNull(pace(RestorePace.Part.REPLAY, 1000, 2000).millisFor(64L << 20));
        assertNull(pace(RestorePace.Part.REPLAY, 0, 2000).millisFor(64L << 20));
        assertNull(pace(RestorePace.Part.REPLAY, 100L << 20, 2000).millisFor(400L << 20));
        assertNull(pace(RestorePace.Part.LOG, 0, 2000).millisFor(1));
    }
}
