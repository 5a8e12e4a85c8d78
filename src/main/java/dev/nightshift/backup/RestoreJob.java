package dev.nightshift.backup;

import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.Unit;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import java.util.UUID;

/** Restoring a backup to a folder as something that can be run. */
@ApplicationScoped
class RestoreJob implements Job {
    static final String CHECK = "check";
    static final String RESTORE = "restore";
    static final String ACCEPT_TABLESPACES = "acceptTablespaces";

    private static final JobDefinition DEFINITION = new JobDefinition(
            "restore",
            "Restore",
            "Writes a backup out into an empty folder as a cluster that stock PostgreSQL starts, with the log up to a point if one"
                    + " is given. Nothing is started, and nothing of the source is touched.",
            Unit.INSTANCE,
            "restore",
            false,
            Severity.WARNING,
            Severity.WARNING,
            List.of(CHECK, RESTORE),
            PointParameters.after(
                    Parameter.text(
                            "backup",
                            "Backup",
                            "The id of the backup; the newest one, that lies before the point, if none is given.",
                            false),
                    Parameter.text(
                            "folder",
                            "Folder",
                            "Absolute path of a new or empty folder on Nightshift's machine, below a folder that the installation"
                                    + " allows (NIGHTSHIFT_RESTORE_ROOTS).",
                            true),
                    Parameter.text(
                            PointParameters.FROM,
                            "From",
                            "The store to read the backup from; the first that has all of it and answers if none is given, the one"
                                    + " that it was taken to before its copies.",
                            false),
                    Parameter.flag(
                            ACCEPT_TABLESPACES,
                            "Accept tablespaces",
                            "Restores to a point though the log on the way creates tablespaces: the first start writes into their"
                                    + " folders by the paths on the source, so start the server only where these are not the"
                                    + " source's.",
                            false)));

    @Inject
    private RestoreRoots roots;

    @Inject
    private Backups backups;

    @Inject
    private Stores stores;

    @Inject
    private Clock clock;

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }

    @Override
    public void check(ProjectId project, Parameters parameters) {
        roots.confined(parameters.text("folder").orElseThrow());
        PointParameters.check(parameters, clock.now());
        parameters
                .text(PointParameters.FROM)
                .ifPresent(store -> stores.require("parameters." + PointParameters.FROM, store));
        parameters.text("backup").ifPresent(id -> known(backups, project, id));
    }

    @Override
    public void checkTargets(int targets) {
        if (targets > 1) {
            throw new Failure.Invalid(
                    "databases",
                    "One folder holds one server: these databases are on " + targets
                            + ". Restore each server into a folder of its own.");
        }
    }

    /**
     * The backup that a request names.
     *
     * @throws Failure.Invalid for {@code parameters.backup}
     */
    static Backup known(Backups backups, ProjectId project, String id) {
        try {
            return backups.get(project, UUID.fromString(id));
        } catch (IllegalArgumentException | Failure.NotFound e) {
            throw new Failure.Invalid("parameters.backup", "This project holds no backup of this id.");
        }
    }
}
