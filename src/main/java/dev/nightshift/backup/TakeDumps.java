package dev.nightshift.backup;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.proof.DrillGround;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.DumpRequest;
import dev.nightshift.backup.take.ServerSettingsCopy;
import dev.nightshift.backup.take.TakeLogicalBackup;
import dev.nightshift.fleet.Checkup;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.fleet.Project;
import dev.nightshift.job.StopRequested;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes logical backups of the databases that were asked for on one instance, one after the other: each becomes a backup of its
 * own. One that cannot be taken does not keep the others from being taken.
 */
@ApplicationScoped
class TakeDumps {
    private static final String NONE_NEEDED = "A logical backup needs none.";

    /** In the checkpoint: the databases whose backup is in the catalogue. */
    private static final String DONE = "done";

    private static final String BACKUP = "backup";

    @Inject
    private Fleet fleet;

    @Inject
    private Keyring keyring;

    @Inject
    private Stores stores;

    @Inject
    private BackupRepository repository;

    @Inject
    private BackupEntries entries;

    @Inject
    private BackupFindings findings;

    @Inject
    private ServerSettingsCopy settings;

    @Inject
    private Checkup checkup;

    @Inject
    private DrillGround ground;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /** What all databases of a target have in common. */
    private record Source(
            TargetRun target,
            Project project,
            Instance instance,
            Store store,
            ProjectKeys keys,
            ServerSettingsCopy.Server server,
            ClientTools tools,
            DumpSelection selection,
            Manifest.Kind kind,
            Set<String> done) {}

    /**
     * Takes them. Answers why one could not be taken, the worst reason where there are several; null where all were.
     *
     * @throws Failure if none is taken
     */
    @Nullable
    Failure take(TargetRun target) {
        target.begin(BackupJob.PREPARE);
        Source source = prepare(target);
        List<Database> databases = fleet.databasesOf(target.project(), target.instanceId()).stream()
                .filter(database ->
                        target.databaseNames().contains(database.name().value()))
                .toList();
        finishEarlier(source);
        target.done(BackupJob.PREPARE, "pg_dump " + source.tools().number());
        target.skipped(BackupJob.CHECKPOINT, NONE_NEEDED);

        target.begin(BackupJob.COPY);
        long bytes = 0;
        Failure first = null;
        List<String> failed = new ArrayList<>();
        for (Database database : databases) {
            if (source.done().contains(database.name().value())) {
                continue;
            }
            try {
                bytes += take(source, database);
            } catch (Failure e) {
                target.throwIfStopped();
                requireNothingLeft(source, e);
                failed.add(database.name().value());
                first = worse(first, e);
                if (databases.size() > 1) {
                    target.error(e.getMessage());
                }
            }
        }
        Failure missing = first == null || databases.size() == 1 ? first : among(first, failed, databases.size());
        if (missing != null && failed.size() == databases.size()) {
            throw missing;
        }
        if (missing == null) {
            target.done(BackupJob.COPY, new Bytes(bytes).toString());
        } else {
            target.failed(BackupJob.COPY, String.valueOf(missing.getMessage()));
        }
        target.skipped(BackupJob.LOG, NONE_NEEDED);
        target.begin(BackupJob.CATALOGUE);
        int taken = databases.size() - failed.size();
        target.done(BackupJob.CATALOGUE, taken + (taken == 1 ? " backup" : " backups"));
        return missing;
    }

    /** What this run took of the target's databases, by this attempt or one before, and is kept; oldest first. */
    List<UUID> taken(TargetRun target) {
        return transactions.in(
                target.project(), connection -> repository.takenBy(connection, target.runId(), target.instanceId()));
    }

    /** The first of the worst: what nobody foresaw before what is worth another try, and that before what is to be put right. */
    static Failure worse(@Nullable Failure first, Failure next) {
        return first == null || rank(next) > rank(first) ? next : first;
    }

    private static int rank(Failure failure) {
        return failure instanceof Failure.Skippable ? 0 : failure instanceof Failure.Retryable ? 1 : 2;
    }

    private static Failure among(Failure first, List<String> failed, int of) {
        String message = failed.size() + " of " + of + " databases have no new backup: " + String.join(", ", failed)
                + ". " + first.getMessage();
        return first instanceof Failure.Retryable
                ? new Failure.Retryable(message, first.remedy(), first)
                : first instanceof Failure.Skippable
                        ? new Failure.Skippable(message, first.remedy(), first)
                        : new Failure.Fatal(message, first.remedy(), first);
    }

    private Source prepare(TargetRun target) {
        Store store = stores.of(TakeBackup.storeName(target));
        Project project = fleet.project(target.project());
        Instance instance = fleet.instance(target.project(), target.instanceId());
        Endpoint endpoint = fleet.endpoint(target.project(), target.instanceId());
        ServerSettingsCopy.Server server = settings.server(endpoint);
        TakeBackup.refuseAnother(instance, endpoint, server);
        // A server that another project holds is refused before a byte of it is read.
        checkup.seen(target.project(), target.instanceId(), server.systemIdentifier(), server.version());
        ClientTools tools = ClientTools.require(major(server.version()), ground.programs());
        return new Source(
                target,
                project,
                instance,
                store,
                keyring.of(target.project()),
                server,
                tools,
                DumpParameters.selection(target.parameters()),
                BackupJob.kind(target.parameters()),
                done(target));
    }

    private static int major(String version) {
        return Integer.parseInt(version.split("\\D", 2)[0]);
    }

    private static Set<String> done(TargetRun target) {
        var done = new LinkedHashSet<String>();
        target.checkpoint()
                .map(state -> state.get(DONE))
                .ifPresent(names ->
                        names.asJsonArray().getValuesAs(JsonString.class).forEach(name -> done.add(name.getString())));
        return done;
    }

    /** What an attempt that was cut off left: a whole backup is entered in the catalogue, anything less is removed. */
    private void finishEarlier(Source source) {
        TargetRun target = source.target();
        String earlier = target.checkpoint()
                .map(state -> state.getString(BACKUP, ""))
                .filter(id -> !id.isEmpty())
                .orElse(null);
        if (earlier == null) {
            return;
        }
        UUID id = UUID.fromString(earlier);
        // What the catalogue knows is no leftover, whatever its store says of it
        if (transactions
                .in(target.project(), connection -> ExpiryRepository.known(connection, id))
                .isPresent()) {
            transactions
                    .in(target.project(), connection -> repository.find(connection, id))
                    .ifPresent(taken -> {
                        target.info("Backup " + id + " was taken by the attempt before.");
                        source.done().addAll(taken.databases());
                        checkpoint(source, null);
                    });
            return;
        }
        String folder = folder(source, id);
        if (source.store().size(folder + "/" + Manifest.NAME).isEmpty()) {
            TakeBackup.tryDelete(source.store(), folder);
            return;
        }
        BackupReader reader = BackupReader.open(source.store(), folder, source.keys());
        if (reader.verify(ProofLevel.STORED, BackupProgress.NONE).damage() != null) {
            TakeBackup.tryDelete(source.store(), folder);
            return;
        }
        target.info("The interrupted attempt had stored a whole backup; it is entered in the catalogue.");
        catalogue(source, reader.manifest());
    }

    /** Only the last attempt is known to whoever sweeps the store: with something of it left there is no next one. */
    private static void requireNothingLeft(Source source, Failure failure) {
        String folder = source.target()
                .checkpoint()
                .map(state -> state.getString(BACKUP, ""))
                .filter(id -> !id.isEmpty())
                .map(id -> folder(source, UUID.fromString(id)))
                .orElse(null);
        if (folder != null) {
            requireNothingLeft(source.store(), folder, failure, source.target()::warn);
        }
    }

    /**
     * The same of a folder. What its store keeps locked stays there, and no sweep knows of it once another database is dumped: one that
     * cannot be dumped would else keep all others from it for as long as the store locks.
     */
    static void requireNothingLeft(Store store, String folder, Failure failure, Consumer<String> warn) {
        try {
            // Stored whole and not entered, or not known to be: the next attempt enters it
            if (store.size(folder + "/" + Manifest.NAME).isPresent()) {
                throw failure;
            }
            ExpireLog.delete(store, folder)
                    .ifPresent(lock -> warn.accept("What was stored in " + folder + " of the " + store
                            + " stays there, " + lock.words() + ". It is no backup, and can be deleted after that."));
        } catch (Failure e) {
            if (e != failure) {
                failure.addSuppressed(e);
            }
            throw failure;
        }
    }

    private static String folder(Source source, UUID backup) {
        return Manifest.folder(
                source.project().name().value(), source.instance().name().value(), backup);
    }

    private long take(Source source, Database database) {
        TargetRun target = source.target();
        target.throwIfStopped();
        UUID id = Ids.next(clock);
        checkpoint(source, id);
        TakeBackup.refuseUnwritable(source.store(), folder(source, id));
        BackupRequest.Options usual = BackupRequest.Options.defaults();
        boolean rows = target.parameters().text("evidence").orElse("rows").equals("rows");
        var request = new DumpRequest(
                fleet.endpoint(database),
                database.name().value(),
                target.project(),
                source.project().name().value(),
                source.instance().name().value(),
                id,
                source.server().systemIdentifier(),
                source.kind(),
                source.selection(),
                source.tools(),
                source.store().objectBytes().orElse(usual.partBytes()),
                RateParameter.kilobytes(target.parameters()),
                usual.silence(),
                rows ? Budget.STANDARD : null);
        var attempt = new TakeLogicalBackup(
                source.store(),
                source.keys(),
                clock,
                request,
                new Told(target, database.name().value()));
        target.onStop(attempt::cancel);
        Manifest manifest;
        try {
            manifest = attempt.run();
        } catch (CancellationException e) {
            throw new StopRequested();
        }
        catalogue(source, manifest);
        return manifest.figures().bytesRead();
    }

    private static void checkpoint(Source source, @Nullable UUID working) {
        source.target()
                .checkpoint(Json.createObjectBuilder()
                        .add(BACKUP, working == null ? JsonValue.NULL : Json.createValue(working.toString()))
                        .add(DONE, Json.createArrayBuilder(source.done()))
                        .build());
    }

    private void catalogue(Source source, Manifest manifest) {
        TargetRun target = source.target();
        String database = manifest.dump() == null ? "" : manifest.dump().database();
        var attempt = new BackupEntries.Attempt(
                manifest.backup(), target.project(), target.instanceId(), target.runId(), List.of(database));
        target.store(connection -> {
            entries.insert(connection, attempt, TakeBackup.storeName(target), manifest);
            findings.taken(attempt, manifest.lineage().kind(), manifest.checksums());
        });
        source.done().add(database);
        checkpoint(source, null);
        var figures = manifest.figures();
        target.figure("backup", manifest.backup());
        target.figure("kind", manifest.lineage().kind().word());
        target.figure("sizeBytes", figures.bytesRead());
        target.figure("storedBytes", figures.bytesStored());
        target.info(
                words(manifest.lineage().kind()) + " backup " + manifest.backup() + " of database " + database + ": "
                        + new Bytes(figures.bytesRead()) + " read, " + new Bytes(figures.bytesStored()) + " stored in "
                        + TakeBackup.storeName(target) + "; not proven yet.");
    }

    private static String words(Manifest.Kind kind) {
        String word = kind.word();
        return word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
    }

    /** Progress of one database within the step that copies all of them. */
    private record Told(TargetRun target, String database) implements BackupProgress {
        @Override
        public void phase(Phase phase) {}

        @Override
        public void bytes(long done, long estimated) {
            target.progress(done, null, "bytes", database);
        }

        @Override
        public void note(String message) {
            target.info(message);
        }
    }
}
