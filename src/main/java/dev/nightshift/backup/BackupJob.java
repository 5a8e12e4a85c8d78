package dev.nightshift.backup;

import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Unit;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** The full physical backup as something that can be run. */
@ApplicationScoped
class BackupJob implements Job {
    static final String PREPARE = "prepare";
    static final String CHECKPOINT = "checkpoint";
    static final String COPY = "copy";
    static final String LOG = "log";
    static final String CATALOGUE = "catalogue";

    private static final JobDefinition DEFINITION = new JobDefinition(
            "backup",
            "Backup",
            "Takes a full physical backup of each database's server, encrypted, with the log that makes it consistent.",
            Unit.INSTANCE,
            "backup",
            true,
            // Without a new backup data is at risk, whatever kept it from being taken
            Severity.CRITICAL,
            Severity.CRITICAL,
            List.of(PREPARE, CHECKPOINT, COPY, LOG, CATALOGUE),
            List.of(
                    Parameter.integer(
                            "rateLimitKilobytesPerSecond",
                            "Rate limit",
                            "Kilobytes a second that the server sends at most; nothing for no limit. The server takes 32 or more.",
                            null,
                            32,
                            1_048_576),
                    Parameter.choice(
                            "checkpoint",
                            "Checkpoint",
                            "fast begins at once and loads the server's disks for a moment; spread waits for the next regular one.",
                            "fast",
                            "fast",
                            "spread"),
                    Parameter.choice(
                            "compress",
                            "Compress",
                            "on the server, which saves network, where it can; or here, which saves its processors.",
                            "server",
                            "server",
                            "here"),
                    Parameter.choice(
                            "evidence",
                            "Evidence",
                            "rows counts and hashes what the tables hold, for the proof level matched; it reads them once. none"
                                    + " leaves it out.",
                            "rows",
                            "rows",
                            "none")));

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }
}
