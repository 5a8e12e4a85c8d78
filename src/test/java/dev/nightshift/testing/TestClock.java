package dev.nightshift.testing;

import dev.nightshift.kernel.Clock;
import java.time.Duration;
import java.time.Instant;

/** A clock that stands until a test moves it. */
public final class TestClock implements Clock {
    private volatile Instant now = Instant.parse("2026-11-21T02:00:00Z");

    @Override
    public Instant now() {
        return now;
    }

    public synchronized void advance(Duration by) {
        now = now.plus(by);
    }
}
