package dev.nightshift.job;

import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.EnumSet;

/** Where a target of a run, or a step of a target, stands. */
public enum TargetStatus {
    WAITING,
    STARTED,
    COMPLETED,
    FAILED,
    STOPPED,
    /** Could not be done and need not stop the others; the reason says why. */
    SKIPPED,
    /** Its node died in the middle. */
    LOST;

    /** True when a restart leaves it alone. What was left out is not done: a night with it is not all green. */
    public boolean isDone() {
        return this == COMPLETED;
    }

    /**
     * The allowed changes of a target; a restart takes everything that is not done back to WAITING. A step begins anew with
     * each try.
     */
    public boolean mayBecome(TargetStatus next) {
        return switch (this) {
            case WAITING -> EnumSet.of(STARTED, STOPPED, FAILED).contains(next);
            case STARTED ->
                EnumSet.of(COMPLETED, FAILED, STOPPED, SKIPPED, LOST, WAITING).contains(next);
            case FAILED, STOPPED, SKIPPED, LOST -> next == WAITING;
            case COMPLETED -> false;
        };
    }

    /** What a target may have been before: the ledger's changes ask for it, {@code where status = any (?)}. */
    static Array before(TargetStatus next, Connection connection) throws SQLException {
        return connection.createArrayOf(
                "text",
                Arrays.stream(values())
                        .filter(status -> status.mayBecome(next))
                        .map(TargetStatus::name)
                        .toArray());
    }
}
