package dev.nightshift.backup;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.Destination;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.temporal.ChronoUnit;

/** Writes a backup out into an empty folder. */
@Named("restoreBackup")
@Dependent
public class RestoreBackup extends TargetBatchlet {
    @Inject
    private Backups backups;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    @Inject
    private RestoreRoots roots;

    @Override
    protected void work(TargetRun target) {
        target.begin(RestoreJob.CHECK);
        Path folder = roots.confined(target.parameters().text("folder").orElseThrow());
        Backup backup = chosen(backups, target);
        var reader = BackupReader.open(stores.local(), backup.location(), keyring.of(target.project()));
        target.info("Restoring the backup of " + backup.instance() + " taken at "
                + backup.takenAt().truncatedTo(ChronoUnit.SECONDS) + " into " + folder + ".");
        target.done(RestoreJob.CHECK, null);

        target.begin(RestoreJob.RESTORE);
        reader.materialise(
                Destination.beside(folder, reader.manifest().tablespaces())
                        .withMark(target.targetId().toString()),
                new StoppableProgress(target, backup.sizeBytes()));
        keepFromArchiving(folder);
        target.figure("folder", folder);
        target.figure("sizeBytes", backup.sizeBytes());
        target.done(RestoreJob.RESTORE, new Bytes(backup.sizeBytes()).toString());
        target.info("Restored. Start PostgreSQL " + reader.manifest().source().major() + " on " + folder
                + "; it does not archive until you take archive_mode = off out of postgresql.auto.conf.");
    }

    /**
     * A restored copy that archives would write into the source's archive; pg_verifybackup leaves this file out of its
     * comparison, as the server's manual says of pg_verifybackup.
     */
    private static void keepFromArchiving(Path folder) {
        try {
            Files.writeString(
                    folder.resolve("postgresql.auto.conf"), """

                    # Restored by Nightshift: take this line away once this server takes its source's place.
                    archive_mode = 'off'
                    """, StandardOpenOption.APPEND, StandardOpenOption.CREATE);
        } catch (IOException e) {
            throw new Failure.Fatal(
                    "Restored, but postgresql.auto.conf in " + folder + " cannot be written: " + e.getMessage(),
                    "Set archive_mode = off by hand before you start this server.",
                    e);
        }
    }

    /** The backup that the run's parameters name, or the instance's newest. */
    static Backup chosen(Backups backups, TargetRun target) {
        Backup backup = target.parameters()
                .text("backup")
                .map(id -> RestoreJob.known(backups, target.project(), id))
                .or(() -> backups.newest(target.project(), target.instanceId()))
                .orElseThrow(() ->
                        new Failure.Skippable("There is no backup of this instance yet.", "Run a backup first.", null));
        if (!backup.instanceId().equals(target.instanceId())) {
            throw new Failure.Skippable(
                    "The backup that was asked for is of " + backup.instance() + ".",
                    "Choose that instance's database.",
                    null);
        }
        return backup;
    }
}
