package dev.nightshift.maintenance;

import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.Unit;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Set;

/** Vacuum and analyze as something that can be run. */
@ApplicationScoped
class VacuumJob implements Job {
    static final String VACUUM = "vacuum";

    private static final String APART_FROM_BACKUPS = "apartFromBackups";

    private static final JobDefinition DEFINITION = new JobDefinition(
            "vacuum",
            "Vacuum and analyze",
            "Vacuums and analyzes the tables that need it, the most urgent first; leaves alone what others work on.",
            Unit.DATABASE,
            "vacuum",
            // VacuumDatabase holds the lock in the session that does the work
            false,
            Severity.WARNING,
            Severity.WARNING,
            List.of(VACUUM),
            List.of(
                    Parameter.integer(
                            "maxMinutes",
                            "At most",
                            "Minutes after which no table is begun and the one under way is cancelled.",
                            240L,
                            1,
                            1440),
                    Parameter.integer(
                            "costDelayMilliseconds",
                            "Cost delay",
                            "vacuum_cost_delay in milliseconds, to go gently on the disks; 0 for full speed.",
                            0L,
                            0,
                            100),
                    Parameter.flag(
                            "outsideWindows",
                            "Outside of maintenance windows, too",
                            "Begins at once, and does not end when a window closes.",
                            false),
                    Parameter.flag(
                            APART_FROM_BACKUPS,
                            "Apart from backups",
                            "Waits for a backup of the same server, and a backup for it. A backup's snapshots keep dead rows"
                                    + " from being removed for some minutes, and both read the same disks.",
                            false)));

    @Override
    public boolean keepsToWindows() {
        return true;
    }

    @Override
    public Set<String> keepsApartFrom(Parameters parameters) {
        return parameters.flag(APART_FROM_BACKUPS) ? Set.of("backup") : Set.of();
    }

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }
}
