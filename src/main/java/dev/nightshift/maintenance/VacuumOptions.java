package dev.nightshift.maintenance;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a run goes about it.
 *
 * @param windowEnd when the maintenance window closes: no table is begun after it, and one under way is cancelled; null
 *     for no end
 * @param longestTable the longest that one table may take (6 h)
 * @param costDelay vacuum_cost_delay, to go gently on the disks; zero (the default) for the server's setting, which for
 *     VACUUM is full speed
 */
public record VacuumOptions(@Nullable Instant windowEnd, Duration longestTable, Duration costDelay) {
    public VacuumOptions {
        if (longestTable.toSeconds() < 1 || costDelay.isNegative() || costDelay.toMillis() > 100) {
            throw new IllegalArgumentException("At least a second per table, and a cost delay of 0 to 100 ms.");
        }
    }

    /** The defaults in parentheses, until this time. */
    public static VacuumOptions until(@Nullable Instant windowEnd) {
        return new VacuumOptions(windowEnd, Duration.ofHours(6), Duration.ZERO);
    }
}
