package dev.nightshift.job;

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

    /** The allowed changes; a restart takes everything that is not done back to STARTED. */
    public boolean mayBecome(TargetStatus next) {
        return switch (this) {
            case WAITING -> EnumSet.of(STARTED, STOPPED, FAILED).contains(next);
            case STARTED ->
                EnumSet.of(COMPLETED, FAILED, STOPPED, SKIPPED, LOST, WAITING).contains(next);
            case FAILED, STOPPED, SKIPPED, LOST -> EnumSet.of(WAITING, STARTED).contains(next);
            case COMPLETED -> false;
        };
    }
}
