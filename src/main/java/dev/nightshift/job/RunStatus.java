package dev.nightshift.job;

import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** Where a run stands, and what may follow. */
public enum RunStatus {
    /** To be taken by the next node that has room. */
    QUEUED,
    /** Taken into account, but held back; the reason says by what. */
    WAITING,
    STARTED,
    /** Somebody asked it to stop; its targets are being told. */
    STOPPING,
    STOPPED,
    COMPLETED,
    /** Some targets are done, others failed or were left out. */
    PARTIAL,
    FAILED,
    /** Its node died or let go of it. */
    LOST,
    /** Its time passed while nobody was there to start it. */
    MISSED,
    /** Not started on purpose, or every one of its targets was left out; the reason says why. */
    SKIPPED;

    /** True when nothing more happens unless a person, or the restart policy for LOST, asks for it. */
    public boolean isOver() {
        return switch (this) {
            case QUEUED, WAITING, STARTED, STOPPING -> false;
            case STOPPED, COMPLETED, PARTIAL, FAILED, LOST, MISSED, SKIPPED -> true;
        };
    }

    /** The allowed changes. A run stays the same run across restarts, so the ends with unfinished targets lead back to QUEUED. */
    public boolean mayBecome(RunStatus next) {
        return successors().contains(next);
    }

    private Set<RunStatus> successors() {
        return switch (this) {
            case QUEUED -> EnumSet.of(WAITING, STARTED, STOPPED, SKIPPED);
            case WAITING -> EnumSet.of(STARTED, STOPPED, SKIPPED);
            case STARTED -> EnumSet.of(WAITING, STOPPING, STOPPED, COMPLETED, PARTIAL, FAILED, LOST, SKIPPED);
            case STOPPING -> EnumSet.of(STOPPED, COMPLETED, PARTIAL, FAILED, LOST, SKIPPED);
            // One that was not started has no targets, so there is nothing to restart: the ledger sees to that.
            case STOPPED, PARTIAL, FAILED, LOST, SKIPPED -> EnumSet.of(QUEUED);
            case COMPLETED, MISSED -> EnumSet.noneOf(RunStatus.class);
        };
    }

    /** What a run may have been before: the ledger's changes ask for it, {@code where status = any (?)}. */
    static Array before(RunStatus next, Connection connection) throws SQLException {
        return connection.createArrayOf(
                "text",
                Arrays.stream(values())
                        .filter(status -> status.mayBecome(next))
                        .map(RunStatus::name)
                        .toArray());
    }

    /** What a run has come to, from its targets' ends. */
    static RunStatus of(java.util.Collection<TargetStatus> targets) {
        if (targets.stream().anyMatch(t -> t == TargetStatus.STOPPED)) {
            return STOPPED;
        }
        long bad = targets.stream().filter(t -> !t.isDone()).count();
        if (bad == 0) {
            return COMPLETED;
        }
        if (bad < targets.size()) {
            return PARTIAL;
        }
        return targets.stream().allMatch(t -> t == TargetStatus.SKIPPED) ? SKIPPED : FAILED;
    }
}
