package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class RestorePaceTest {
    private static RestorePace pace(RestorePace.Part part, long bytes, long millis) {
        return new RestorePace(part, RestorePace.Kind.DRILL, null, "local", Instant.EPOCH, bytes, millis);
    }

    @Test
    void timesAreInProportionToWhatWasMeasured() {
        assertEquals(3000, pace(RestorePace.Part.FILES, 1000, 1000).millisFor(3000));
        assertEquals(500, pace(RestorePace.Part.LOG, 1000, 1000).millisFor(500));
    }

    @Test
    void aStartTakesNoLessForLessLog() {
        assertEquals(2000, pace(RestorePace.Part.REPLAY, 1000, 2000).millisFor(10));
        assertEquals(6000, pace(RestorePace.Part.REPLAY, 1000, 2000).millisFor(3000));
        assertEquals(2000, pace(RestorePace.Part.REPLAY, 0, 2000).millisFor(3000));
    }
}
