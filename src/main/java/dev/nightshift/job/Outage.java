package dev.nightshift.job;

import java.util.function.LongSupplier;

/**
 * Remembers that the repository was away, for writes that may be left out. A repository that hangs holds each of them for
 * up to a minute; the thread that copies must not spend its time on that.
 */
final class Outage {
    static final long PAUSE_NANOS = 15_000_000_000L;

    private final LongSupplier nanoTime;
    private volatile boolean any;
    private volatile long seenAt;

    Outage(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** A write failed just now. */
    void seen() {
        seenAt = nanoTime.getAsLong();
        any = true;
    }

    /** True for 15 s after a write failed: it is not worth another try yet. */
    boolean lasts() {
        return any && nanoTime.getAsLong() - seenAt < PAUSE_NANOS;
    }
}
