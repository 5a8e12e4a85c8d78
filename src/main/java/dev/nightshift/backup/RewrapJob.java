package dev.nightshift.backup;

import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.Unit;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Set;

/** Wrapping the data keys of what is stored by the project's primary key as something that can be run. */
@ApplicationScoped
class RewrapJob implements Job {
    static final String NAME = "rewrap-keys";
    static final String BACKUPS = "backups";
    static final String LOGS = "logs";

    private static final JobDefinition DEFINITION = new JobDefinition(
            NAME,
            "Re-wrap keys",
            "Wraps the data keys of all kept backups and archived logs by the project's primary key, so that the older ones can be"
                    + " destroyed. Descriptions are written anew, data never.",
            Unit.INSTANCE,
            NAME,
            false,
            Severity.WARNING,
            Severity.WARNING,
            List.of(BACKUPS, LOGS),
            List.of());

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }

    /** What they read, or are about to delete, must not be written anew meanwhile; and a backup may end with an older key. */
    @Override
    public Set<String> keepsApartFrom(Parameters parameters) {
        return Set.of("backup", "copy", "restore", "restore-drill", "expire");
    }
}
