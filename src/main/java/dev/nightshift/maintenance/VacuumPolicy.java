package dev.nightshift.maintenance;

import dev.nightshift.kernel.Failure;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * When a table needs vacuum or analyze. The shares are the server's own for autovacuum (20 % dead, 10 % changed, 20 %
 * inserted: autovacuum_vacuum_scale_factor and its siblings, the manual's section 19.10); what differs is that a night
 * catches up what the day's cost limits and locks left undone.
 *
 * @param deadPercent of a table's rows that are dead (20)
 * @param changedPercent of its live rows that changed since the last analyze (10)
 * @param insertedPercent of its live rows that were inserted since the last vacuum (20): they wait for the visibility map
 * @param freezePercent of autovacuum_freeze_max_age, of transactions or multixacts, that its age has reached (75): where
 *     vacuum_freeze_table_age, by default, has a plain VACUUM read all pages
 * @param floorRows fewer dead, changed or inserted rows than this are left alone (1,000)
 */
public record VacuumPolicy(
        int deadPercent, int changedPercent, int insertedPercent, int freezePercent, long floorRows) {
    /** Puts whatever approaches wraparound before everything else. */
    private static final double FIRST = 1_000_000;

    /** @throws Failure.Invalid for a percentage out of 1 to 100, or a negative floor; it names the field */
    public VacuumPolicy {
        percent("deadPercent", deadPercent);
        percent("changedPercent", changedPercent);
        percent("insertedPercent", insertedPercent);
        percent("freezePercent", freezePercent);
        if (floorRows < 0) {
            throw new Failure.Invalid("floorRows", "The floor of rows is not negative.");
        }
    }

    private static void percent(String field, int value) {
        if (value < 1 || value > 100) {
            throw new Failure.Invalid(field, "A share of rows is 1 to 100 percent.");
        }
    }

    /** The values in parentheses above. */
    public static VacuumPolicy standard() {
        return of(20, 10, 1_000);
    }

    /** What can be adjusted per database; the rest stays standard. */
    public static VacuumPolicy of(int deadPercent, int changedPercent, long floorRows) {
        return new VacuumPolicy(deadPercent, changedPercent, 20, 75, floorRows);
    }

    /**
     * The server's limits at which it starts a vacuum against wraparound by itself, whatever the settings.
     *
     * @param transactions autovacuum_freeze_max_age
     * @param multixacts autovacuum_multixact_freeze_max_age
     */
    public record FreezeLimits(long transactions, long multixacts) {}

    /** The tables that need work, the most urgent first; equal ones by name, so that the order is always the same. */
    public List<VacuumNeed> due(Collection<TableStatistics> tables, FreezeLimits limits) {
        return tables.stream()
                .map(table -> need(table, limits))
                .flatMap(Optional::stream)
                .sorted(Comparator.comparingDouble(VacuumNeed::urgency)
                        .reversed()
                        .thenComparing(need -> need.table().schema())
                        .thenComparing(need -> need.table().name()))
                .toList();
    }

    /** What one table needs; empty if nothing is due. */
    public Optional<VacuumNeed> need(TableStatistics table, FreezeLimits limits) {
        List<String> reasons = new ArrayList<>();
        double urgency = 0;
        boolean vacuum = false;
        boolean analyze = false;
        boolean freeze = false;

        double changed = share(table.changedRows(), table.liveRows());
        if (passed(table.changedRows(), changed, changedPercent)) {
            analyze = true;
            urgency = changed / changedPercent;
            reasons.add(words(changed, "of its rows changed since the last analyze", table.changedRows()));
        }
        if (table.partitioned()) {
            // Autovacuum never analyzes a parent, and the planner needs its statistics
            if (!table.analyzed() && table.liveRows() >= Math.max(1, floorRows)) {
                analyze = true;
                urgency = Math.max(urgency, 1);
                reasons.add("never analyzed as a whole");
            }
        } else {
            double dead = share(table.deadRows(), table.liveRows() + table.deadRows());
            if (passed(table.deadRows(), dead, deadPercent)) {
                vacuum = true;
                urgency = Math.max(urgency, dead / deadPercent);
                reasons.add(words(dead, "of its rows are dead", table.deadRows()));
            }
            double toast = share(table.toastDeadRows(), table.toastLiveRows() + table.toastDeadRows());
            if (passed(table.toastDeadRows(), toast, deadPercent)) {
                vacuum = true;
                urgency = Math.max(urgency, toast / deadPercent);
                reasons.add(words(toast, "of the pieces of its long values are dead", table.toastDeadRows()));
            }
            double inserted = share(table.insertedRows(), table.liveRows());
            if (passed(table.insertedRows(), inserted, insertedPercent)) {
                vacuum = true;
                urgency = Math.max(urgency, inserted / insertedPercent);
                reasons.add(words(inserted, "of its rows were inserted since the last vacuum", table.insertedRows()));
            }
            analyze |= vacuum;
            double age = Math.max(
                    share(table.xidAge(), limits.transactions()), share(table.multixactAge(), limits.multixacts()));
            if (age >= freezePercent) {
                vacuum = true;
                freeze = true;
                urgency = FIRST + age;
                reasons.add(String.format(
                        Locale.ROOT, "its age is %.0f %% of what forces a vacuum against wraparound", age));
            }
        }
        return reasons.isEmpty()
                ? Optional.empty()
                : Optional.of(new VacuumNeed(table, vacuum, analyze, freeze, urgency, reasons));
    }

    private boolean passed(long rows, double share, int percent) {
        return rows > 0 && rows >= floorRows && share > percent;
    }

    /** In percent; of nothing, everything is all there is. */
    private static double share(long part, long whole) {
        return part <= 0 ? 0 : 100.0 * part / Math.max(1, whole);
    }

    private static String words(double share, String what, long rows) {
        return String.format(Locale.ROOT, "%.0f %% %s (%,d)", share, what, rows);
    }
}
