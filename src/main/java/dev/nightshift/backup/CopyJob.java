package dev.nightshift.backup;

import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.Unit;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Arrays;
import java.util.List;

/** Copying backups to another store as something that can be run. */
@ApplicationScoped
class CopyJob implements Job {
    static final String PLAN = "plan";
    static final String COPY = "copy";
    static final String LOG = "log";
    static final String STORE = "store";
    static final String BACKUP = "backup";
    static final String ALL = "all";
    private static final String WHICH = "which";
    private static final int MOST_STORES = 5;

    private static final JobDefinition DEFINITION = new JobDefinition(
            "copy",
            "Copy backups",
            "Copies backups to another store, each with those that it needs, and the archived log behind them, as they are"
                    + " stored. What is there already is not sent again.",
            Unit.INSTANCE,
            "copy",
            false,
            // One copy less than was wanted; the backup itself is there
            Severity.WARNING,
            Severity.WARNING,
            List.of(PLAN, COPY, LOG),
            List.of(
                    Parameter.text(STORE, "Store", "The name of the store to copy to.", true),
                    Parameter.choice(
                            WHICH,
                            "Which",
                            "The newest whole backup of each server, or all that are kept.",
                            "newest",
                            "newest",
                            ALL),
                    Parameter.text(
                            BACKUP, "Backup", "The id of the only backup to copy; leaves the choice out.", false),
                    RateParameter.of(
                            "Kilobytes a second that are read at most of the stores that are copied from, all objects together;"
                                    + " nothing for no limit.")));

    @Inject
    private Stores stores;

    @Inject
    private Backups backups;

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }

    @Override
    public Moves moves() {
        return Moves.AT_LEISURE;
    }

    @Override
    public void check(ProjectId project, Parameters parameters) {
        String store =
                parameters.text(STORE).orElseThrow(() -> new Failure.Invalid("parameters." + STORE, "Name a store."));
        stores.require("parameters." + STORE, store);
        parameters.text(BACKUP).ifPresent(id -> {
            Backup backup = RestoreJob.known(backups, project, id);
            if (backup.store().equals(store)) {
                throw new Failure.Invalid("parameters." + STORE, "The backup was taken to this store.");
            }
        });
    }

    static boolean isAll(Parameters parameters) {
        return parameters.text(WHICH).filter(ALL::equals).isPresent();
    }

    /** The stores that a list names, in its order, each once. */
    static List<String> stores(String list) {
        return Arrays.stream(list.split("[\\s,]+", -1))
                .filter(name -> !name.isEmpty())
                .distinct()
                .toList();
    }

    /** @throws Failure.Invalid naming the field, if one is not known, there are too many, or one is where the backup goes */
    static void check(Stores stores, String field, String list, String primary) {
        List<String> names = stores(list);
        if (names.isEmpty() || names.size() > MOST_STORES) {
            throw new Failure.Invalid(field, "Name 1 to " + MOST_STORES + " stores, such as offsite, nas.");
        }
        names.forEach(name -> stores.require(field, name));
        if (names.contains(primary)) {
            throw new Failure.Invalid(field, "The backup itself goes to the store " + primary + ": copy it to others.");
        }
    }
}
