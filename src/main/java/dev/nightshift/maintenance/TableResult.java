package dev.nightshift.maintenance;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of one table.
 *
 * @param table {@code "schema"."name"}
 * @param action {@code VACUUM, ANALYZE}, or one of both
 * @param why it was due
 * @param reason why it was not done; null if it was
 * @param remedy what helps; null if nothing is to do, because others are at the table or the time was up
 * @param before null if it was not looked at
 * @param after null if it was not done
 * @param locked whether another session that does not vacuum it kept it locked, so that nobody did the work
 * @param warnings of the server, in its words
 */
public record TableResult(
        String table,
        Outcome outcome,
        String action,
        List<String> why,
        @Nullable String reason,
        @Nullable String remedy,
        @Nullable TableFigures before,
        @Nullable TableFigures after,
        Duration duration,
        boolean locked,
        List<String> warnings) {

    /** How it ended. */
    public enum Outcome {
        /** The server's own counters rose. */
        DONE,
        /** Others were at it, or the role may not: nothing was done, and nothing is broken. */
        SKIPPED,
        /** Cancelled or not begun, because the run was stopped or its window ended. */
        STOPPED,
        /** The server reported an error. */
        FAILED
    }

    /**
     * Whether somebody has to see to it: an error, a missing privilege, a table that the server did not count as done. One
     * that is busy, gone, or left for the next window is not among them.
     */
    public boolean failed() {
        return outcome == Outcome.FAILED || (outcome == Outcome.SKIPPED && remedy != null);
    }

    public TableResult {
        why = List.copyOf(why);
        warnings = List.copyOf(warnings);
    }
}
