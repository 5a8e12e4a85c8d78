package dev.nightshift.backup;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.proof.DrillGround;
import dev.nightshift.backup.proof.ProofMaterial;
import dev.nightshift.backup.proof.ProofWatch;
import dev.nightshift.backup.proof.StoredMaterial;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.StopRequested;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.ToolProcess;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Restores one database, or some schemas or tables of it, out of a physical backup into a new database of a registered server:
 * the backup is recovered in a sandbox, what was chosen is dumped there and restored, and the rows of both are compared. Of
 * the sandbox nothing is left; an attempt that follows another begins anew.
 */
@ApplicationScoped
class RestoreTables {
    @Inject
    private Backups backups;

    @Inject
    private BackupSources sources;

    @Inject
    private BackupLeases leases;

    @Inject
    private PointRecovery points;

    @Inject
    private Keyring keyring;

    @Inject
    private Fleet fleet;

    @Inject
    private FillDatabase databases;

    @Inject
    private CompareRows rows;

    @Inject
    private DrillGround ground;

    @Inject
    private Clock clock;

    /** A failure of the server that is filled, of which the sandbox's machine lacks nothing. */
    private static final class AtDestination extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final transient Failure.Retryable failure;

        AtDestination(Failure.Retryable failure) {
            super(failure.getMessage(), failure);
            this.failure = failure;
        }
    }

    /** What is restored, and where to. */
    private record Work(
            FillDatabase.Place place,
            Backup backup,
            String store,
            StoredMaterial material,
            String database,
            DumpSelection selection,
            ClientTools tools) {
        TargetRun target() {
            return place.target();
        }

        String what() {
            return selection.isAll()
                    ? "database " + database
                    : "parts of database " + database + " (" + selection.text() + ")";
        }
    }

    /**
     * Restores.
     *
     * @throws Failure.Conflict if the server has a database of this name; nothing was touched
     * @throws Failure.Skippable if something is missing, naming it; no database was made
     * @throws Failure.Fatal if the backup does not lead to the point, or what was dumped does not restore; the new database is
     *     gone again
     */
    void restore(TargetRun target) {
        target.begin(RestoreJob.CHECK);
        FillDatabase.Place place = databases.place(target);
        databases.leftBehind(place);
        Work work = work(place);
        target.info("Restoring " + work.what() + " out of the backup of "
                + work.backup().instance() + " taken at "
                + work.backup().takenAt().truncatedTo(ChronoUnit.SECONDS) + ", from the store " + work.store()
                + ", into the new database " + place.name() + " of "
                + place.instance().name() + ", by pg_dump "
                + work.tools().number() + ".");
        target.done(RestoreJob.CHECK, null);
        target.begin(RestoreJob.RECOVER);
        try {
            ground.scratch()
                    .<Boolean>use(
                            "tables out of " + work.material().name(),
                            work.material(),
                            new Watch(target),
                            (sandbox, aim, took) -> take(work, sandbox, aim, took));
        } catch (AtDestination e) {
            target.throwIfStopped();
            throw e.failure;
        } catch (CancellationException e) {
            target.throwIfStopped();
            throw new StopRequested();
        } catch (NotPossibleHere e) {
            throw new Failure.Skippable(String.valueOf(e.getMessage()), e.remedy(), e);
        }
    }

    private Work work(FillDatabase.Place place) {
        TargetRun target = place.target();
        String database = database(target);
        Backup only = target.parameters().text("backup").isPresent() ? RestoreBackup.chosen(backups, target) : null;
        RecoveryTarget point = PointParameters.of(target.parameters()).orElse(null);
        var reading = BackupSources.Reading.in(
                target.parameters().text(PointParameters.FROM).orElse(null), BackupSources.Reading.ANYWHERE);
        if (point == null) {
            Backup backup = only == null ? RestoreBackup.chosen(backups, target) : only;
            BackupSources.Source source =
                    sources.open(target.project(), backup, reading, keyring.of(target.project()), target::warn);
            return work(place, backup, source, new StoredMaterial(source.reader()), database);
        }
        PointRecovery.Chosen chosen =
                points.choose(target.project(), target.instanceId(), only, point, reading, new StopLook(target));
        chosen.notes().forEach(target::warn);
        target.info("Recovery goes to " + chosen.recovery().plan().point().words() + ".");
        return work(
                place,
                chosen.backup(),
                chosen.source(),
                new StoredMaterial(chosen.reader(), chosen.recovery()),
                database);
    }

    private Work work(
            FillDatabase.Place place,
            Backup backup,
            BackupSources.Source source,
            StoredMaterial material,
            String database) {
        if (!ToolProcess.canGet(database)) {
            throw new Failure.Skippable(
                    "Nightshift runs under a locale that has no letters for the name " + database + ".",
                    "Start it with LC_ALL=C.UTF-8.",
                    null);
        }
        requireNotOlder(place.instance().name().value(), place.major(), material.major());
        leases.read(place.target(), source.store(), backup);
        place.target().figure("backup", backup.id());
        place.target().figure("store", source.store());
        return new Work(
                place,
                backup,
                source.store(),
                material,
                database,
                DumpParameters.selection(place.target().parameters()),
                ClientTools.forRestore(place.major(), material.major(), ground.programs()));
    }

    /** @throws Failure.Skippable if the server that is to get it is of an older version than the backup's */
    static void requireNotOlder(String instance, int server, int backup) {
        if (server < backup) {
            throw new Failure.Skippable(
                    "The server of " + instance + " is of PostgreSQL " + server + ", and the backup of " + backup
                            + ": an older version need not understand what is dumped of a newer one.",
                    "Name an instance of PostgreSQL " + backup + " or newer.",
                    null);
        }
    }

    /** As its server called it. */
    private String database(TargetRun target) {
        return target.parameters().text(RestoreJob.DATABASE).orElseGet(() -> {
            List<String> asked = fleet.databasesOf(target.project(), target.instanceId()).stream()
                    .filter(each -> target.databaseNames().contains(each.name().value()))
                    .map(Database::dbname)
                    .toList();
            if (asked.size() != 1) {
                throw new Failure.Skippable(
                        "A new database is made of one, and the run names " + asked.size() + ".",
                        "Name the one to take: database.",
                        null);
            }
            return asked.get(0);
        });
    }

    /** While the sandbox is there. */
    private boolean take(Work work, Sandbox sandbox, ProofMaterial.Aim aim, Duration took) throws SQLException {
        TargetRun target = work.target();
        FillDatabase.Place place = work.place();
        target.figure("recoversTo", aim.expected());
        target.figure("timeline", aim.timeline());
        target.figure("recoveryMillis", took.toMillis());
        work.material().end().ifPresent(end -> {
            RestoreBackup.figures(target, end);
            if (end.note() != null) {
                target.warn(end.note());
            }
        });
        target.done(RestoreJob.RECOVER, aim.expected().toString());

        target.begin(RestoreJob.DUMP);
        long began = System.nanoTime();
        DumpInSandbox.Dumped dumped = new DumpInSandbox(target, sandbox, work.tools(), clock)
                .of(work.database(), work.selection(), !place.schemaOnly());
        target.figure("dumpMillis", millisSince(began));
        target.done(RestoreJob.DUMP, new Bytes(dumped.bytes()).toString());

        sandbox.endServer(); // a restore may take hours, and needs the file alone
        target.throwIfStopped();
        target.begin(RestoreJob.RESTORE);
        try {
            restore(work, dumped);
        } catch (Failure.Retryable e) {
            throw new AtDestination(e);
        }
        return true;
    }

    private void restore(Work work, DumpInSandbox.Dumped dumped) {
        TargetRun target = work.target();
        FillDatabase.Place place = work.place();
        var content = new FillDatabase.Content(
                dumped.saved(),
                dumped.carried(),
                dumped.needs().schemas(),
                dumped.saved().extensions().stream()
                        .filter(each -> work.selection().extensions()
                                || dumped.needs().extensions().contains(each.name()))
                        .toList(),
                work.tools(),
                List.of(FillDatabase.Pass.whole(place, dumped)));
        FillDatabase.Ready ready = databases.ready(place, content);
        long from = System.nanoTime();
        long bytes = databases.fill(place, content, ready, filled -> {
            target.figure("restoreMillis", millisSince(from));
            target.done(RestoreJob.RESTORE, new Bytes(dumped.bytes()).toString());
            compare(target, filled, dumped.evidence());
        });
        databases.tell(place, dumped.saved(), bytes, "the catalog of the source");
    }

    private void compare(TargetRun target, Endpoint filled, @Nullable Evidence evidence) {
        if (evidence == null) {
            target.skipped(RestoreJob.COMPARE, "The schema alone was asked for.");
            return;
        }
        target.begin(RestoreJob.COMPARE);
        CompareRows.Compared compared = rows.compare(target, filled, evidence);
        target.figure("tables", compared.tables());
        target.figure("rows", compared.rows());
        target.figure("sequences", compared.sequences());
        target.figure("notCompared", compared.notCompared().size());
        target.figure("compared", compared.words());
        if (compared.nothing()) {
            target.warn(compared.words() + ": look at the new database before you use it.");
        } else {
            target.info(compared.words() + ".");
        }
        compared.notCompared().forEach(each -> target.warn("Not compared: " + each + "."));
        target.done(RestoreJob.COMPARE, compared.rows() + (compared.rows() == 1 ? " row" : " rows"));
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }

    /** Everything up to the recovered server is one step; a stop of the run ends the sandbox. */
    private record Watch(TargetRun target) implements ProofWatch {
        @Override
        public void progress(Step step, ProofLevel level, long done, long total) {
            target.progress(
                    done,
                    total > 0 ? Math.max(done, total) : null,
                    "bytes",
                    switch (step) {
                        case VERIFY -> "reading the log";
                        case RESTORE -> "writing the backup into the sandbox";
                        default -> "replaying the log";
                    });
        }

        @Override
        public void note(String message) {
            target.info(message);
        }

        @Override
        public boolean stopped() {
            return target.stopRequested();
        }
    }
}
