package dev.nightshift.maintenance;

import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Unit;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** Vacuum and analyze as something that can be run. */
@ApplicationScoped
class VacuumJob implements Job {
    static final String VACUUM = "vacuum";

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
                            false)));

    @Override
    public boolean keepsToWindows() {
        return true;
    }

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }
}
