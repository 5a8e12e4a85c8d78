package dev.nightshift.backup;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.Destination;
import dev.nightshift.backup.read.LogWalk;
import dev.nightshift.backup.read.Recovery;
import dev.nightshift.backup.read.RecoveryEnd;
import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.backup.read.RestoreSize;
import dev.nightshift.backup.read.RestoreTimes;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Writes a backup out into an empty folder, or what is chosen of it into a new database. */
@Named("restoreBackup")
@Dependent
public class RestoreBackup extends TargetBatchlet {
    /** In the checkpoint once all files are on the disk. */
    private static final String WHOLE = "whole";

    /** In the checkpoint: the backup that was chosen for a point. */
    private static final String BACKUP = "backup";

    @Inject
    private Backups backups;

    @Inject
    private BackupSources sources;

    @Inject
    private BackupLeases leases;

    @Inject
    private Keyring keyring;

    @Inject
    private RestoreRoots roots;

    @Inject
    private PointRecovery points;

    @Inject
    private RestoreDump dumps;

    @Inject
    private RestoreTables tables;

    @Inject
    private RestoreForecast forecast;

    @Override
    protected void work(TargetRun target) {
        if (target.parameters().text(RestoreJob.NEW_DATABASE).isPresent()) {
            if (RestoreJob.isLogical(backups, target)) {
                dumps.restore(target);
            } else {
                tables.restore(target);
            }
            return;
        }
        target.begin(RestoreJob.CHECK);
        Path folder = roots.confined(target.parameters().text("folder").orElseThrow());
        Begun begun = begin(target);
        Backup backup = begun.backup();
        leases.read(target, begun.store(), backup);
        BackupReader reader = begun.reader();
        List<Manifest> chain = reader.chain();
        long bytes =
                chain.stream().mapToLong(each -> each.figures().bytesRead()).sum();
        target.figure("store", begun.store());
        target.info("Restoring the backup of " + backup.instance() + " taken at "
                + backup.takenAt().truncatedTo(ChronoUnit.SECONDS) + " from the store " + begun.store() + " into "
                + folder
                + (chain.size() == 1 ? "" : ", of a chain of " + chain.size() + " backups")
                + (begun.recovery() == null
                        ? ""
                        : ", to " + begun.recovery().plan().point().words())
                + ".");
        Destination destination = Destination.beside(folder, reader.manifest().tablespaces())
                .withMark(target.targetId().toString());
        if (!target.parameters().flag(RestoreJob.ACCEPT_LITTLE_ROOM) && !isWhole(target, folder)) {
            RestoreSize.of(reader, begun.recovery()).require(destination);
        }
        target.done(RestoreJob.CHECK, null);
        RestoreJob.skipSandbox(target);

        target.begin(RestoreJob.RESTORE);
        List<LogWalk.TablespaceCreated> created;
        if (isWhole(target, folder)) {
            target.info("An earlier attempt had written it whole.");
            reader.finish(destination);
            created = begun.created();
        } else {
            var times = new RestoreTimes(new StoppableProgress(target, bytes));
            created = write(target, begun, destination, times);
            times.end();
            forecast.keep(target, RestorePace.Kind.RESTORE, backup.instanceId(), begun.store(), times, null, 0);
        }
        long written = BackupReader.bytes(destination);
        target.figure("sizeBytes", written);
        target.done(RestoreJob.RESTORE, new Bytes(written).toString());
        target.skipped(RestoreJob.COMPARE, "A drill compares the rows.");
        tell(target, destination, reader.manifest().source().major());
        created.forEach(
                // Replay uses the path on the source: on its machine, the live tablespace would be overwritten
                tablespace -> target.warn(
                        "The source created the tablespace " + tablespace.oid() + " in "
                                + tablespace.path()
                                + " while the backup was taken or after it: the first start of this server writes there."
                                + " Start it only where that is not the source's folder, on another machine or in a container."));
    }

    /** The backup to write, and what beside it; null for the backup by itself. */
    private record Begun(
            Backup backup,
            BackupSources.Source source,
            @Nullable Recovery recovery) {
        String store() {
            return source.store();
        }

        BackupReader reader() {
            return source.reader();
        }

        List<LogWalk.TablespaceCreated> created() {
            return recovery == null
                    ? reader().tablespacesInLog()
                    : reader().replayed(recovery).search(BackupProgress.NONE).outside();
        }
    }

    /** A restore that is begun again goes on with the backup that it had chosen: what it wrote is of that one. */
    private Begun begin(TargetRun target) {
        Optional<RecoveryTarget> point = PointParameters.of(target.parameters());
        String from = target.parameters().text(PointParameters.FROM).orElse(null);
        var reading = BackupSources.Reading.in(from, BackupSources.Reading.ANYWHERE);
        if (point.isEmpty()) {
            Backup backup = chosen(backups, target);
            requirePhysical(backup);
            return new Begun(
                    backup,
                    sources.open(target.project(), backup, reading, keyring.of(target.project()), target::warn),
                    null);
        }
        Backup before = target.checkpoint()
                .map(state -> state.getString(BACKUP, ""))
                .filter(id -> !id.isEmpty())
                .map(id -> backups.get(target.project(), UUID.fromString(id)))
                .orElseGet(() -> target.parameters().text("backup").isPresent() ? chosen(backups, target) : null);
        requirePhysical(before);
        PointRecovery.Chosen chosen = points.choose(
                target.project(), target.instanceId(), before, point.get(), reading, new StoppableProgress(target, 0));
        chosen.notes().forEach(target::warn);
        target.figure("backup", chosen.backup().id());
        String id = chosen.backup().id().toString();
        // What names it may say too that it is written whole
        if (target.checkpoint()
                .filter(state -> state.getString(BACKUP, "").equals(id))
                .isEmpty()) {
            target.checkpoint(state(chosen.backup(), false));
        }
        return new Begun(chosen.backup(), chosen.source(), chosen.recovery());
    }

    private static JsonObject state(Backup backup, boolean whole) {
        return Json.createObjectBuilder()
                .add(WHOLE, whole)
                .add(BACKUP, backup.id().toString())
                .build();
    }

    /** Answers the tablespaces that the log creates. */
    private static List<LogWalk.TablespaceCreated> write(
            TargetRun target, Begun begun, Destination destination, BackupProgress progress) {
        Runnable whole = () -> target.checkpoint(state(begun.backup(), true));
        Recovery recovery = begun.recovery();
        if (recovery == null) {
            begun.reader().materialise(destination, progress, whole);
            return begun.created();
        }
        boolean accepted = target.parameters().flag(RestoreJob.ACCEPT_TABLESPACES);
        Recovery allowed = accepted ? recovery : recovery.withoutTablespaces();
        RecoveryEnd end = begun.reader().materialise(destination, allowed, progress, known -> {
            figures(target, known);
            whole.run();
        });
        Instant last = end.walk().times().replayed();
        if (end.note() != null) {
            target.warn(end.note());
        }
        target.info("The log in pg_wal leads to " + end.position() + " on timeline " + end.timeline()
                + (last == null ? "" : ", where the last transaction ended at " + last)
                + ". The first start replays it, and then the server is one of its own on a new timeline.");
        return end.walk().outside();
    }

    /** Where recovery to a point ends. */
    static void figures(TargetRun target, RecoveryEnd end) {
        target.figure("recoversTo", end.position());
        target.figure("timeline", end.timeline());
        Instant last = end.walk().times().replayed();
        if (last != null) {
            target.figure("lastTransactionAt", last);
        }
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

    /**
     * Lets pass what log can be replayed on, and null.
     *
     * @throws Failure.Skippable if it is a logical backup
     */
    static void requirePhysical(@Nullable Backup backup) {
        if (backup != null && !backup.physical()) {
            throw new Failure.Skippable(
                    "Backup " + backup.id() + " holds one database, and no log can be replayed on it.",
                    "Choose a full, incremental or differential one, or restore this one into a new database.",
                    null);
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
