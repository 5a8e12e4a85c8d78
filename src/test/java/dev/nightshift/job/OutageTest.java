package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OutageTest {
    /** The clock of nanoseconds may be negative, and may pass its largest value. */
    private final AtomicLong time = new AtomicLong(Long.MAX_VALUE - 5);

    private final Outage outage = new Outage(time::get);

    @Test
    void nothingIsLeftOutBeforeAWriteFailed() {
        assertFalse(outage.lasts());
    }

    @Test
    void aWriteThatFailedIsFollowedByAPauseFromItsEnd() {
        time.addAndGet(60_000_000_000L);
        outage.seen();
        time.addAndGet(Outage.PAUSE_NANOS - 1);
        assertTrue(outage.lasts());
        time.incrementAndGet();
        assertFalse(outage.lasts());
    }
}
