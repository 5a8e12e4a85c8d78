package dev.nightshift.backup;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.Destination;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** Writes a backup out into an empty folder. */
@Named("restoreBackup")
@Dependent
public class RestoreBackup extends TargetBatchlet {
    /** In the checkpoint once all files are on the disk. */
    private static final String WHOLE = "whole";

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
        var reader = BackupReader.open(stores.of(backup.store()), backup.location(), keyring.of(target.project()));
        List<Manifest> chain = reader.chain();
        long bytes =
                chain.stream().mapToLong(each -> each.figures().bytesRead()).sum();
        target.info("Restoring the backup of " + backup.instance() + " taken at "
                + backup.takenAt().truncatedTo(ChronoUnit.SECONDS) + " into " + folder
                + (chain.size() == 1 ? "." : ", of a chain of " + chain.size() + " backups."));
        target.done(RestoreJob.CHECK, null);

        target.begin(RestoreJob.RESTORE);
        Destination destination = Destination.beside(folder, reader.manifest().tablespaces())
                .withMark(target.targetId().toString());
        if (isWhole(target, folder)) {
            target.info("An earlier attempt had written it whole.");
            reader.finish(destination);
        } else {
            reader.materialise(
                    destination,
                    new StoppableProgress(target, bytes),
                    () -> target.checkpoint(
                            Json.createObjectBuilder().add(WHOLE, true).build()));
        }
        long written = BackupReader.bytes(destination);
        target.figure("sizeBytes", written);
        target.done(RestoreJob.RESTORE, new Bytes(written).toString());
        tell(target, destination, reader.manifest().source().major());
        // Replay uses the path on the source: on its machine, the live tablespace would be overwritten
        reader.tablespacesInLog()
                .forEach(
                        tablespace -> target.warn(
                                "The source created the tablespace " + tablespace.oid() + " in "
                                        + tablespace.path()
                                        + " while the backup was taken: the first start of this server writes there."
                                        + " Start it only where that is not the source's folder, on another machine or in a container."));
    }

    private static boolean isWhole(TargetRun target, Path folder) {
        return target.checkpoint()
                        .filter(state -> state.getBoolean(WHOLE, false))
                        .isPresent()
                && Files.exists(folder.resolve("PG_VERSION"));
    }

    /** What to know before the first start. */
    private static void tell(TargetRun target, Destination destination, int major) {
        Path folder = destination.data();
        Path configuration = destination.configuration();
        target.figure("folder", folder);
        if (configuration != null && Files.exists(configuration)) {
            target.figure("configuration", configuration);
        }
        target.info("Restored. Start PostgreSQL " + major + " on " + folder
                + "; it does not archive, follow a primary or subscribe until you take the last lines out of"
                + " postgresql.auto.conf.");
        if (configuration != null && Files.exists(configuration)) {
            target.info("The source keeps its configuration outside of its data folder; from what was saved of it "
                    + configuration
                    + " was written. Read it, then: pg_ctl -D " + folder + " -o \"-c config_file=" + configuration
                    + "/postgresql.conf\" start");
        }
        if (Files.exists(folder.resolve("standby.signal"))) {
            target.warn("The source was a standby: with the file standby.signal in " + folder
                    + " this server starts as one too, and stays read-only. Delete that file for a server of its own.");
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
