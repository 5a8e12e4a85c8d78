package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * So many bytes a second for all who share it: each waits until what it took was due, in the order in which they took. For any
 * threads.
 */
public final class RateLimit {
    /** What is not used is made up for as far as this: a pause that ends late must not make all slower than they may be. */
    private static final long MOST_SAVED_NANOS = 100_000_000L;

    /** A stop is heard as soon as this. */
    private static final long LONGEST_PAUSE_NANOS = 200_000_000L;

    /** Less is not worth a pause; it stays owed. */
    private static final long SHORTEST_PAUSE_NANOS = 1_000_000L;

    private static final double NANOS = 1e9;

    private final double nanosPerByte;
    private final LongSupplier nanoTime;
    private final Pause pause;
    private long due;

    /** How a thread waits. */
    interface Pause {
        void nanos(long count) throws InterruptedException;
    }

    /** @param kilobytesPerSecond of 1,024 bytes, as those of PostgreSQL's own MAX_RATE */
    public RateLimit(long kilobytesPerSecond) {
        this(kilobytesPerSecond, System::nanoTime, TimeUnit.NANOSECONDS::sleep);
    }

    RateLimit(long kilobytesPerSecond, LongSupplier nanoTime, Pause pause) {
        if (kilobytesPerSecond < 1) {
            throw new IllegalArgumentException("A rate is 1 KB/s or more, not " + kilobytesPerSecond + ".");
        }
        this.nanosPerByte = NANOS / (kilobytesPerSecond * 1024.0);
        this.nanoTime = nanoTime;
        this.pause = pause;
        this.due = nanoTime.getAsLong();
    }

    /**
     * Takes bytes that were read, and returns when they were due.
     *
     * @param check run several times a second meanwhile; what it throws ends the wait
     * @throws Failure.Retryable if the thread is interrupted
     */
    public void take(long bytes, Runnable check) {
        long until = dueWith(bytes);
        for (long left = until - nanoTime.getAsLong();
                left >= SHORTEST_PAUSE_NANOS;
                left = until - nanoTime.getAsLong()) {
            check.run();
            try {
                pause.nanos(Math.min(left, LONGEST_PAUSE_NANOS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Failure.Retryable("Interrupted while the rate limit was waited for.", null, e);
            }
        }
    }

    private synchronized long dueWith(long bytes) {
        long earliest = nanoTime.getAsLong() - MOST_SAVED_NANOS;
        if (due - earliest < 0) {
            due = earliest;
        }
        due += (long) Math.ceil(bytes * nanosPerByte);
        return due;
    }
}
