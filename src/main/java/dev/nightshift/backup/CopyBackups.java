package dev.nightshift.backup;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.util.List;
import java.util.function.UnaryOperator;

/** Copies one instance's backups to another store, and the archived log behind those that lie there. */
@Named("copyBackups")
@Dependent
public class CopyBackups extends TargetBatchlet {
    @Inject
    private Backups backups;

    @Inject
    private ExpiryRepository catalogue;

    @Inject
    private CopyToStore copies;

    @Inject
    private CopyLogs logs;

    @Inject
    private CopyRates rates;

    @Override
    protected void work(TargetRun target) {
        target.begin(CopyJob.PLAN);
        String store = target.parameters().text(CopyJob.STORE).orElseThrow();
        List<Backup> wanted = target.parameters().text(CopyJob.BACKUP).isPresent()
                ? List.of(RestoreBackup.chosen(backups, target))
                : copies.chosen(target, CopyJob.isAll(target.parameters()), catalogue);
        if (wanted.isEmpty()) {
            throw new Failure.Skippable(
                    "There is no physical backup of this instance yet.",
                    "Run a backup first; logical ones are copied with which = all, or by their id.",
                    null);
        }
        List<Backup> needed = copies.needed(target, wanted, store);
        target.done(CopyJob.PLAN, needed.size() + (needed.size() == 1 ? " backup" : " backups"));

        try (CopyRates.Reading reading = rates.of(target)) {
            copy(target, needed, store, reading);
        }
    }

    private void copy(TargetRun target, List<Backup> needed, String store, UnaryOperator<Store> reading) {
        Failure uncopied = null;
        target.begin(CopyJob.COPY);
        try {
            CopyToStore.Sum sum = copies.copy(target, needed, store, reading);
            target.figure("copies", sum.copies());
            target.figure("objectsSent", sum.sent());
            target.figure("objectsFound", sum.found());
            target.figure("storedBytes", sum.bytes());
            target.done(CopyJob.COPY, new Bytes(sum.bytes()) + " in " + store);
        } catch (Failure.Fatal | Failure.NotFound | Failure.Conflict | Failure.Retryable e) {
            // Backups that are there need their log all the same
            target.skipped(CopyJob.COPY, "Not all backups could be copied.");
            uncopied = e;
        }
        target.begin(CopyJob.LOG);
        CopyLogs.Sum log = logs.copy(target, store, reading);
        log.figures(target);
        target.done(CopyJob.LOG, log.words(store));
        if (uncopied != null) {
            target.begin(CopyJob.COPY);
            throw uncopied;
        }
    }
}
