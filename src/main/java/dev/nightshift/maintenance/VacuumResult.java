package dev.nightshift.maintenance;

import dev.nightshift.maintenance.TableResult.Outcome;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run over one database did.
 *
 * @param seen tables looked at
 * @param tables those that were due, in the order they were through
 * @param stopped why the run ended early; null if it did not
 */
public record VacuumResult(
        Instant startedAt,
        Instant endedAt,
        int seen,
        List<TableResult> tables,
        @Nullable String stopped) {
    public VacuumResult {
        tables = List.copyOf(tables);
    }

    /** How many ended like this. */
    public int count(Outcome outcome) {
        return (int) tables.stream().filter(table -> table.outcome() == outcome).count();
    }

    /** Tables that somebody has to see to. */
    public List<TableResult> failed() {
        return tables.stream().filter(TableResult::failed).toList();
    }

    /** Tables that nobody vacuumed because another session kept them locked. */
    public List<TableResult> locked() {
        return tables.stream().filter(TableResult::locked).toList();
    }

    /** Dead rows that are gone, over all tables that were done. */
    public long deadRowsRemoved() {
        return tables.stream().mapToLong(VacuumResult::removed).sum();
    }

    private static long removed(TableResult table) {
        TableFigures before = table.before();
        TableFigures after = table.after();
        return before == null || after == null ? 0 : Math.max(0, before.deadRows() - after.deadRows());
    }
}
