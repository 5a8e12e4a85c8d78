package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where a recovery will end, by the log that it replays.
 *
 * @param walk over that log
 * @param target to give to the server: a position instead of the end, which it could not tell from a hole
 * @param timeline that the last record belongs to
 * @param note what to know of it, in a sentence; null if it is what was asked for
 */
public record RecoveryEnd(
        LogWalk walk,
        RecoveryTarget.Point target,
        int timeline,
        @Nullable String note) {
    /** The end of the last record that is replayed. */
    public Lsn position() {
        return walk.reached();
    }

    /**
     * What the server will call pg_last_xact_replay_timestamp there: where it stops at a position it does not count the record
     * that it stops at (recoveryStopsAfter in access/transam/xlogrecovery.c).
     */
    public @Nullable Instant reportedTransaction() {
        return target instanceof RecoveryTarget.Position
                ? walk.times().before()
                : walk.times().replayed();
    }
}
