package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.LogPosition;
import dev.nightshift.postgres.Lsn;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PushedLookTest {
    private static LogPosition on(int timeline, boolean standby, @Nullable String system) {
        return new LogPosition(null, new Lsn(0x3000000), standby, null, timeline, system, 16 << 20);
    }

    @Test
    void aTimelineAfterThatOfAPrimaryIsACopys() {
        assertTrue(PushedLook.isBelow(on(1, false, "7"), "7", 2));
        assertTrue(PushedLook.isBelow(on(1, false, null), "7", 2), "the role may not ask whose it is");
        assertFalse(PushedLook.isBelow(on(2, false, "7"), "7", 2), "it was promoted itself");
        assertFalse(PushedLook.isBelow(on(1, true, "7"), "7", 2), "another one was promoted");
        assertFalse(PushedLook.isBelow(on(1, false, "8"), "7", 2), "another cluster's");
    }

    @Test
    void aPrimaryHasAllThatItPushed() {
        assertTrue(PushedLook.isSetBack(on(1, false, "7"), new Lsn(0x4000000)));
        assertFalse(PushedLook.isSetBack(on(1, false, "7"), new Lsn(0x3000000)));
        assertFalse(PushedLook.isSetBack(on(1, true, "7"), new Lsn(0x4000000)));
    }
}
