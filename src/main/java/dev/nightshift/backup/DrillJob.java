package dev.nightshift.backup;

import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.Unit;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;

/** The restore drill as something that can be run. */
@ApplicationScoped
class DrillJob implements Job {
    static final String VERIFY = "verify";
    static final String RESTORE = "restore";
    static final String RECOVER = "recover";
    static final String MATCH = "match";
    static final String CHECK = "check";
    static final List<String> STEPS = List.of(VERIFY, RESTORE, RECOVER, MATCH, CHECK);

    private static final JobDefinition DEFINITION = new JobDefinition(
            "restore-drill",
            "Restore drill",
            "Proves a backup: reads it to the end, restores it in a sandbox, recovers it to its positions, compares its rows"
                    + " with the evidence taken on the source, and checks every index and table. Needs nothing of the source.",
            Unit.INSTANCE,
            "restore-drill",
            false,
            // What cannot be tried here says nothing against the backup
            Severity.CRITICAL,
            Severity.WARNING,
            STEPS,
            PointParameters.after(
                    Parameter.text(
                            "backup",
                            "Backup",
                            "The id of the backup; the newest one, that lies before the point, if none is given.",
                            false),
                    Parameter.choice(
                            "upTo",
                            "Up to",
                            "The last level to try: readable needs no sandbox, and at a point behind a backup there are no rows to"
                                    + " match.",
                            "matched",
                            "stored",
                            "intact",
                            "readable",
                            "restored",
                            "matched"),
                    Parameter.flag(
                            "everyRow",
                            "Every row",
                            "Checks too that every row of a table is in its indexes: many times as long.",
                            false)));

    @Inject
    private Backups backups;

    @Inject
    private Clock clock;

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }

    @Override
    public void check(ProjectId project, Parameters parameters) {
        PointParameters.check(parameters, clock.now());
        parameters.text("backup").ifPresent(id -> RestoreJob.known(backups, project, id));
    }
}
