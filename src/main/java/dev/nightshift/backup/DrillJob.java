package dev.nightshift.backup;

import dev.nightshift.backup.read.ProofLevel;
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
import jakarta.json.JsonObject;
import java.util.List;
import java.util.Locale;

/** The restore drill as something that can be run. */
@ApplicationScoped
class DrillJob implements Job {
    static final String VERIFY = "verify";
    static final String RESTORE = "restore";
    static final String RECOVER = "recover";
    static final String MATCH = "match";
    static final String CHECK = "check";
    private static final String UP_TO = "upTo";
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
                            DrillChoice.WHICH,
                            "Which",
                            "Without a backup and a point: the newest backup, a random older one, or a random moment of the recovery"
                                    + " window.",
                            DrillChoice.NEWEST,
                            DrillChoice.NEWEST,
                            DrillChoice.RANDOM,
                            DrillChoice.RANDOM_POINT),
                    Parameter.choice(
                            UP_TO,
                            "Up to",
                            "The last level to try: readable needs no sandbox. At a point behind a backup it is the least, and"
                                    + " there are no rows to match.",
                            "matched",
                            "stored",
                            "intact",
                            "readable",
                            "restored",
                            "matched"),
                    Parameter.text(
                            PointParameters.FROM,
                            "From",
                            "The store to read the backup and the archived log from; the ones that they were taken to if none is given."
                                    + " each-store reads one after the other.",
                            false),
                    Parameter.text(
                            DrillKit.KIT,
                            "Recovery kit",
                            "Absolute path of a recovery kit on Nightshift's machine, below a folder for credentials: the drill opens"
                                    + " backup and log with what it holds, in place of the project's keys.",
                            false),
                    Parameter.text(
                            DrillKit.PASSPHRASE_FILE,
                            "Passphrase file",
                            "With a recovery kit: absolute path of the file with its passphrase in the first line, below the same"
                                    + " folders.",
                            false),
                    Parameter.flag(
                            "everyRow",
                            "Every row",
                            "Checks too that every row of a table is in its indexes: many times as long.",
                            false)));

    @Inject
    private Backups backups;

    @Inject
    private Stores stores;

    @Inject
    private Clock clock;

    @Inject
    private DrillKit kits;

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }

    @Override
    public Moves moves() {
        return Moves.IN_TURN;
    }

    @Override
    public JsonObject plain(JsonObject given) {
        return PointParameters.plain(given, clock.now());
    }

    @Override
    public void check(ProjectId project, Parameters parameters) {
        PointParameters.check(parameters, clock.now());
        DrillChoice.check(parameters);
        kits.check(parameters);
        parameters
                .text(PointParameters.FROM)
                .filter(store -> !store.equals(Stores.EACH))
                .ifPresent(store -> stores.require("parameters." + PointParameters.FROM, store));
        checkLevel(parameters);
        parameters.text("backup").ifPresent(id -> RestoreJob.known(backups, project, id));
    }

    /**
     * A drill that reads no log says nothing of a point behind the backup.
     *
     * @throws Failure.Invalid for {@code parameters.upTo}
     */
    static void checkLevel(Parameters parameters) {
        boolean glance = upTo(parameters).compareTo(ProofLevel.READABLE) < 0;
        boolean pointed = PointParameters.of(parameters).isPresent()
                || parameters.text(DrillChoice.WHICH).orElse("").equals(DrillChoice.RANDOM_POINT);
        if (glance && pointed) {
            throw new Failure.Invalid(
                    "parameters.upTo",
                    "A drill to a point has to read the log that leads there: choose readable, or restored.");
        }
    }

    /** The last level to try. */
    static ProofLevel upTo(Parameters parameters) {
        return ProofLevel.valueOf(parameters.text(UP_TO).orElse("matched").toUpperCase(Locale.ROOT));
    }
}
