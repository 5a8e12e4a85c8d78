package dev.nightshift.retention;

import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Unit;
import dev.nightshift.tenancy.Expiring.Kept;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Forgetting what is older than the project's retention, as something that can be run. */
@ApplicationScoped
class PurgeJob implements Job {
    static final String PURGE = "purge";

    private static final JobDefinition DEFINITION = new JobDefinition(
            PURGE,
            "Purge",
            "Forgets what is older than the project's retention: log lines, runs, audit entries, what was deleted. Stored"
                    + " backups are not touched.",
            Unit.PROJECT,
            PURGE,
            false,
            Severity.WARNING,
            Severity.WARNING,
            Arrays.stream(Kept.values()).map(PurgeJob::step).toList(),
            List.of());

    static String step(Kept kept) {
        return kept.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }
}
