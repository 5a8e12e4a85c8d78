package dev.nightshift.backup;

import dev.nightshift.backup.read.RestoreTimes;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How long one part of a restore took, the last time that it was done for an instance from a store.
 *
 * @param kind of what measured it
 * @param bytes files as {@link dev.nightshift.backup.read.RestoreSize#read}, or log
 * @param millis above 0
 */
record RestorePace(Part part, Kind kind, @Nullable UUID run, String store, Instant at, long bytes, long millis) {
    /** A start that replayed less took its time for other things: a segment of the log. */
    private static final long TELLING = 16 << 20;

    private static final int MOST_TIMES = 4;

    /** What a restore consists of, in this order. */
    enum Part {
        /** Reading the chain and writing the cluster's files. */
        FILES,
        /** Fetching the archived log and reading it. */
        LOG,
        /** The server's start: it replays the log, and answers. */
        REPLAY
    }

    /** What measured it. */
    enum Kind {
        DRILL,
        RESTORE
    }

    static RestorePace of(Part part, Kind kind, UUID run, String store, Instant at, RestoreTimes.Part measured) {
        return new RestorePace(
                part,
                kind,
                run,
                store,
                at,
                measured.bytes(),
                Math.max(1, measured.took().toMillis()));
    }

    /**
     * For so much, in milliseconds. A start has its own time, however little it replays: that is never counted as less. And one that
     * replayed little says nothing of one that replays much; null then.
     */
    @Nullable
    Long millisFor(long planned) {
        if (part != Part.REPLAY) {
            return bytes == 0 && planned > 0
                    ? null
                    : Long.valueOf(Math.round(millis * share(planned, Math.max(1, bytes))));
        }
        double share = share(planned, Math.max(TELLING, bytes));
        return share >= MOST_TIMES ? null : Long.valueOf(Math.round(millis * Math.max(1, share)));
    }

    private static double share(long planned, long measured) {
        return (double) planned / measured;
    }
}
