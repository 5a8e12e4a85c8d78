package dev.nightshift.maintenance;

import java.util.List;

/**
 * Why and how much a table needs work.
 *
 * @param vacuum VACUUM is due
 * @param analyze ANALYZE is due, alone or with the VACUUM
 * @param freeze the vacuum must read all pages, so that the table's age goes down
 * @param urgency times the limit that it passed furthest; with freeze above all others
 * @param reasons in words, at least one
 */
public record VacuumNeed(
        TableStatistics table, boolean vacuum, boolean analyze, boolean freeze, double urgency, List<String> reasons) {
    public VacuumNeed {
        reasons = List.copyOf(reasons);
    }
}
