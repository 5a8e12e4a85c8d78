package dev.nightshift.backup;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Described;
import dev.nightshift.backup.stored.Leftovers;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.Increment;
import dev.nightshift.backup.take.ServerSettingsCopy;
import dev.nightshift.backup.take.TakePhysicalBackup;
import dev.nightshift.fleet.Checkup;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.fleet.Project;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.TargetPools;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.json.Json;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Takes one instance's backup, stores it and enters it in the catalogue. */
@Named("takeBackup")
@Dependent
public class TakeBackup extends TargetBatchlet {
    private static final System.Logger LOG = System.getLogger(TakeBackup.class.getName());

    @Inject
    private Fleet fleet;

    @Inject
    private Keyring keyring;

    @Inject
    private Stores stores;

    @Inject
    private BackupEntries entries;

    @Inject
    private Backups backups;

    @Inject
    private Bases bases;

    @Inject
    private BackupFindings findings;

    @Inject
    private ServerSettingsCopy settings;

    @Inject
    private Checkup checkup;

    @Inject
    private CopyToStore copies;

    @Inject
    private CopyRates rates;

    @Inject
    private Transactions transactions;

    @Inject
    private TakeDumps dumps;

    @Inject
    private Clock clock;

    @Override
    protected void work(TargetRun target) throws Exception {
        if (BackupJob.kind(target.parameters()).physical()) {
            copy(target, List.of(take(target)));
            return;
        }
        Failure missing = dumped(target);
        try {
            copy(target, dumps.taken(target));
        } catch (Failure e) {
            if (missing instanceof Failure.Retryable || (missing != null && !(e instanceof Failure.Retryable))) {
                target.failed(BackupJob.COPIES, String.valueOf(e.getMessage()));
                throw missing;
            }
            throw e; // what may come right is tried again, with what is missing
        }
        if (missing != null) {
            throw missing;
        }
    }

    /** What an attempt before took is to be copied, whatever keeps this one from taking the rest; null where nothing is missing. */
    private @Nullable Failure dumped(TargetRun target) {
        try {
            return dumps.take(target);
        } catch (Failure e) {
            target.throwIfStopped();
            if (target.parameters().text(BackupJob.COPIES).isEmpty()
                    || dumps.taken(target).isEmpty()) {
                throw e;
            }
            target.failed(e.getMessage());
            target.warn("What this run took before is copied, though it cannot go on: " + e.getMessage());
            return e;
        }
    }

    private void copy(TargetRun target, List<UUID> taken) {
        String list = target.parameters().text(BackupJob.COPIES).orElse(null);
        if (list == null) {
            target.skipped(BackupJob.COPIES, "None was asked for.");
        } else {
            target.begin(BackupJob.COPIES);
            try (CopyRates.Reading reading = rates.alone(target)) {
                copies.copyAll(target, taken, CopyJob.stores(list), reading);
            }
            target.done(BackupJob.COPIES, String.join(", ", CopyJob.stores(list)));
        }
    }

    /** Answers what is in the catalogue then, taken by this attempt or by the one before. */
    private UUID take(TargetRun target) throws Exception {
        target.begin(BackupJob.PREPARE);
        UUID earlier = target.checkpoint()
                .map(state -> UUID.fromString(state.getString("backup")))
                .orElse(null);
        // What the catalogue knows is no leftover, whatever its store says of it
        Boolean kept = earlier == null
                ? null
                : transactions
                        .in(target.project(), connection -> ExpiryRepository.known(connection, earlier))
                        .orElse(null);
        if (earlier != null && Boolean.TRUE.equals(kept)) {
            target.info("Backup " + earlier + " was taken by the attempt before.");
            target.figure("backup", earlier);
            target.done(BackupJob.PREPARE, "taken by the attempt before");
            return earlier;
        }
        Store store = stores.of(storeName(target));
        ProjectKeys keys = keyring.of(target.project());
        Project project = fleet.project(target.project());
        Instance instance = fleet.instance(target.project(), target.instanceId());
        if (earlier != null && kept == null && finishEarlier(target, store, keys, project, instance, earlier)) {
            return earlier;
        }
        UUID id = Ids.next(clock);
        // Known before anything is stored, so that an attempt after a crash finds what this one left.
        target.checkpoint(
                Json.createObjectBuilder().add("backup", id.toString()).build());
        refuseUnwritable(
                store, Manifest.folder(project.name().value(), instance.name().value(), id));
        Endpoint endpoint = fleet.endpoint(target.project(), target.instanceId());
        ServerSettingsCopy.Server server = settings.server(endpoint);
        refuseAnother(instance, endpoint, server);
        // A server that another project holds is refused before a byte of it is read.
        checkup.seen(target.project(), target.instanceId(), server.systemIdentifier(), server.version());
        Map<String, byte[]> copy = settings.read(endpoint, target);
        var request = new BackupRequest(
                endpoint,
                databases(target),
                target.project(),
                project.name().value(),
                instance.name().value(),
                id,
                server.systemIdentifier(),
                options(target, store),
                copy);
        Increment increment = bases.choose(target, server.systemIdentifier(), store, keys);
        refuseWithoutRoom(target, store, increment.lineage().kind());
        request = request.withIncrement(increment);
        target.done(BackupJob.PREPARE, null);

        var steps = new BackupSteps(target);
        var take = new TakePhysicalBackup(store, keys, clock, request, steps);
        take.beforeFull(() -> refuseWithoutRoom(target, store, Manifest.Kind.FULL));
        target.onStop(take::cancel);
        Manifest manifest = take.run();
        steps.finish();
        catalogue(target, manifest);
        return id;
    }

    /** All that are registered, not only those that were asked for: the backup holds them too. */
    private List<String> databases(TargetRun target) {
        return fleet.databasesOf(target.project(), target.instanceId()).stream()
                .map(Database::dbname)
                .toList();
    }

    /** Better said before three hours of copying than after: as much as the last one of this kind took has to fit. */
    private void refuseWithoutRoom(TargetRun target, Store store, Manifest.Kind kind) {
        OptionalLong free = store.freeBytes();
        Backup last =
                backups.newest(target.project(), target.instanceId(), kind).orElse(null);
        if (free.isPresent() && last != null && free.getAsLong() < last.storedBytes()) {
            throw new Failure.Fatal(
                    "The store " + storeName(target) + " has " + new Bytes(free.getAsLong()) + " free; the last "
                            + kind.word() + " backup took " + new Bytes(last.storedBytes()) + ".",
                    "Make room in the store or move it.",
                    null);
        }
    }

    /** Better said before the server makes a checkpoint for it than after. */
    static void refuseUnwritable(Store store, String folder) {
        try (Store.Upload probe = store.create(folder + "/probe")) {
            probe.write(new byte[] {1}, 0, 1);
            probe.commit();
        }
        tryDelete(store, folder);
    }

    /** No backup waits for whoever deletes: what stays is looked at again by the sweep, and by expiry. */
    static boolean tryDelete(Store store, String folder) {
        try {
            store.deleteFolder(folder);
            return true;
        } catch (Failure e) {
            LOG.log(
                    Leftovers.level(store, folder, e),
                    "{0} of the {1} is not deleted for now: {2}",
                    folder,
                    store,
                    e.getMessage());
            return false;
        }
    }

    /** Where another cluster answers than before, a backup would carry the wrong name. */
    static void refuseAnother(Instance instance, Endpoint endpoint, ServerSettingsCopy.Server server) {
        String known = instance.systemIdentifier();
        if (known != null && !known.equals(server.systemIdentifier())) {
            throw new Failure.Fatal(
                    "Another cluster answers at " + TargetPools.instance(endpoint) + ": its system identifier is "
                            + server.systemIdentifier() + ", not " + known + ".",
                    "If the server was replaced on purpose, test the connection on the database's page: that takes note of the"
                            + " new one.",
                    null);
        }
    }

    /**
     * What an attempt that was cut off left: a whole backup that only misses in the catalogue is entered, anything less is
     * removed.
     */
    private boolean finishEarlier(
            TargetRun target, Store store, ProjectKeys keys, Project project, Instance instance, UUID earlier) {
        String folder = Manifest.folder(project.name().value(), instance.name().value(), earlier);
        if (store.size(folder + "/" + Manifest.NAME).isEmpty()) {
            target.info(
                    tryDelete(store, folder)
                            ? "Removed what the interrupted attempt had stored in " + folder + "."
                            : "What the interrupted attempt had stored in " + folder + " stays for now.");
            return false;
        }
        String keyId = new Described(folder, earlier, false).keyId(store);
        if (!keys.ids().contains(keyId)) {
            target.warn("What the interrupted attempt stored in " + folder + " opens by key " + keyId
                    + ", which the project has no more. It is left there, and another backup is taken.");
            return false;
        }
        BackupReader reader = BackupReader.open(store, folder, keys);
        Manifest manifest = reader.manifest();
        String damage = reader.verify(ProofLevel.STORED, BackupProgress.NONE).damage();
        if (damage != null) {
            target.warn("What the interrupted attempt stored in " + folder + " is not whole, and "
                    + (tryDelete(store, folder) ? "is removed: " : "cannot be removed now: ") + damage + ".");
            return false;
        }
        target.info("The interrupted attempt had stored a whole backup; it is entered in the catalogue.");
        target.done(BackupJob.PREPARE, "stored by the attempt before");
        catalogue(target, manifest);
        return true;
    }

    /** Runs that were asked for before there was a choice store in the folder. */
    static String storeName(TargetRun target) {
        return target.parameters().text(BackupJob.STORE).orElse(Stores.LOCAL);
    }

    private static BackupRequest.Options options(TargetRun target, Store store) {
        var parameters = target.parameters();
        BackupRequest.Options usual = BackupRequest.Options.defaults();
        return usual.withPartBytes(store.objectBytes().orElse(usual.partBytes()))
                .withMaxRateKilobytes(RateParameter.kilobytes(parameters))
                .withFastCheckpoint(
                        parameters.text("checkpoint").orElse("spread").equals("fast"))
                .withCompressOnServer(
                        parameters.text("compress").orElse("server").equals("server"))
                .withEvidence(parameters.text("evidence").orElse("rows").equals("rows") ? Budget.STANDARD : null);
    }

    private void catalogue(TargetRun target, Manifest manifest) {
        target.begin(BackupJob.CATALOGUE);
        var attempt = new BackupEntries.Attempt(
                manifest.backup(), target.project(), target.instanceId(), target.runId(), target.databaseNames());
        target.store(connection -> {
            entries.insert(connection, attempt, storeName(target), manifest);
            findings.taken(attempt, manifest.lineage().kind(), manifest.checksums());
        });
        var figures = manifest.figures();
        target.figure("backup", manifest.backup());
        target.figure("kind", manifest.lineage().kind().word());
        if (manifest.lineage().parent() != null) {
            target.figure("parent", manifest.lineage().parent());
        }
        if (manifest.lineage().fullBecause() != null) {
            target.figure("fullBecause", manifest.lineage().fullBecause());
        }
        target.figure("sizeBytes", figures.bytesRead());
        target.figure("storedBytes", figures.bytesStored());
        if (manifest.checksums().failures()) {
            target.error("The server reported wrong page checksums while it sent its files: the copy is complete, the"
                    + " server's data is damaged. "
                    + String.join(" ", manifest.checksums().warnings()));
        }
        target.done(BackupJob.CATALOGUE, new Bytes(figures.bytesStored()) + " stored");
        target.info(sentence(manifest.lineage()) + " backup " + manifest.backup() + ": "
                + new Bytes(figures.bytesRead()) + " read, " + new Bytes(figures.bytesStored()) + " stored in "
                + storeName(target) + "; not proven yet.");
    }

    private static String sentence(Manifest.Lineage lineage) {
        return switch (lineage.kind()) {
            case FULL -> "Full";
            case INCREMENTAL -> "Incremental";
            case DIFFERENTIAL -> "Differential";
            case LOGICAL, SCHEMA, DATA -> throw new IllegalArgumentException("no physical backup");
        };
    }
}
