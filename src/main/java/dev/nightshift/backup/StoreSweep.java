package dev.nightshift.backup;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Leftovers;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.StoreLeases;
import dev.nightshift.backup.stores.CheckObjects;
import dev.nightshift.backup.stores.PlaceProbe;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.Beat;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/**
 * Looks with the first heartbeat, and now and then, for backups in the stores that no run comes back to: what is whole is
 * entered in the catalogue, what is not is deleted. Only what the ledger knows as an attempt of its own is touched: other
 * installations may use the same stores. And whether archived log that was stored there still is.
 */
@ApplicationScoped
class StoreSweep {
    private static final System.Logger LOG = System.getLogger(StoreSweep.class.getName());
    private static final Duration EVERY = Duration.ofMinutes(15);

    @Inject
    private Stores stores;

    @Inject
    private BackupEntries entries;

    @Inject
    private CopyRepository copies;

    @Inject
    private StoredLogWatch storedLog;

    @Inject
    private Transactions transactions;

    @Inject
    private Keyring keyring;

    @Inject
    private Clock clock;

    private volatile Instant swept = Instant.EPOCH;
    private final AtomicBoolean sweeping = new AtomicBoolean();

    /** Heartbeats go on while a store keeps a sweep waiting: none of them waits with it. */
    void sweep(@ObservesAsync Beat beat) {
        Instant now = clock.now();
        if (swept.plus(EVERY).isAfter(now) || !sweeping.compareAndSet(false, true)) {
            return;
        }
        try {
            swept = now;
            stores.present().forEach(this::sweep);
        } catch (Failure e) {
            LOG.log(Level.WARNING, "The stores could not be swept: {0}", e.getMessage());
        } finally {
            sweeping.set(false);
        }
    }

    /** One that does not answer does not keep the others out. */
    private void sweep(String name) {
        alone(name, () -> sweep(name, stores.of(name)));
        alone(name, () -> removeChecks(name, stores.of(name)));
        alone(name, () -> removeLeases(name, stores.of(name)));
        // What cannot be deleted there is no reason to look away
        alone(name, () -> stores.measureLock(name));
        alone(name, () -> storedLog.look(name));
    }

    /** What checks and probes left, because the login that deletes could not. */
    private void removeChecks(String name, Store store) {
        int removed;
        try {
            removed = CheckObjects.removeLeft(store, clock.now());
        } catch (Failure.Unusable e) {
            // Where nothing may be deleted, locked objects among them, this is so every time; whoever checks the store
            // is told
            LOG.log(Level.DEBUG, "Objects of checks stay in the store {0}: {1}", name, e.getMessage());
            return;
        }
        if (removed > 0) {
            LOG.log(Level.INFO, "Removed {0} objects of checks from the store {1}", removed, name);
        }
    }

    /** What nobody could delete when what it had kept was read. */
    private void removeLeases(String name, Store store) {
        try {
            StoreLeases.removeLeft(store, clock);
        } catch (Failure.Unusable e) {
            LOG.log(Level.DEBUG, "Old leases stay in the store {0}: {1}", name, e.getMessage());
        }
    }

    private static void alone(String name, Runnable work) {
        try {
            work.run();
        } catch (Failure e) {
            LOG.log(Level.WARNING, "The store {0} could not be swept: {1}", name, e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "The store " + name + " could not be swept", e);
        }
    }

    private void sweep(String name, Store store) {
        removeCopies(name, store);
        Map<UUID, String> folders = Leftovers.folders(store);
        var ended = transactions.installation(connection -> BackupEntries.ended(connection, folders.keySet()));
        Map<UUID, BackupEntries.Attempt> attempts =
                ended.stream().collect(Collectors.toMap(BackupEntries.Attempt::backup, each -> each));
        for (String folder : Leftovers.remove(store, known -> attempts.keySet())) {
            LOG.log(Level.INFO, "Removed {0}, which an interrupted backup had left", folder);
        }
        attempts.forEach((backup, attempt) -> {
            String folder = folders.get(backup);
            if (folder != null && Leftovers.isWhole(store, folder)) {
                catalogue(name, store, folder, attempt);
            }
        });
    }

    /** What runs that nobody restarts left of copies; those that were whole once stay, for others may need them. */
    private void removeCopies(String name, Store store) {
        for (CopyRepository.Dead dead :
                transactions.installation(connection -> CopyRepository.claimDead(connection, name))) {
            try {
                remove(dead, name, store);
            } catch (Failure e) {
                LOG.log(
                        Level.WARNING,
                        "{0} of the store {1}, which an interrupted copy had left, stays for now: {2}",
                        dead.location(),
                        name,
                        e.getMessage());
            }
        }
    }

    private void remove(CopyRepository.Dead dead, String name, Store store) {
        if (!stores.isLost(dead.home())) {
            refuseHome(dead, store);
        }
        Left left = delete(name, store, dead.location()).orElse(null);
        if (left != null) {
            if (left.inNobodysWay()) {
                transactions.run(dead.project(), connection -> copies.hidden(connection, dead));
            }
            throw new Failure.Retryable(left.words(), null, null);
        }
        transactions.run(dead.project(), connection -> copies.removed(connection, dead));
        LOG.log(Level.INFO, "Removed {0} of the store {1}, which an interrupted copy had left", dead.location(), name);
    }

    /**
     * What was deleted and takes room still, or may.
     *
     * @param inNobodysWay whether another copy may be begun: nothing is seen of this one, or what is locked is the same as what
     *     would be sent
     * @param words why, as a sentence
     */
    record Left(boolean inNobodysWay, String words) {}

    /** Deletes a folder; empty if nothing of it is left. */
    static Optional<Left> delete(String name, Store store, String location) {
        String begin = location + "/";
        Optional<Store.Lock> refused = ExpireLog.delete(store, location);
        Store.Doubt doubt = store.doubt().orElse(null);
        if (store.taking(begin).isEmpty() && (doubt == null || doubt.none())) {
            return Optional.empty();
        }
        Optional<Store.Lock> lock = refused.isPresent() ? refused : store.lock(begin);
        return Optional.of(new Left(
                refused.isPresent() || (store.list(begin).isEmpty() && (doubt != null || lock.isPresent())),
                doubt != null
                        ? ExpireLog.words(name, doubt)
                        : (refused.isPresent() ? "" : "it was deleted, and ") + "the store keeps it"
                                + lock.map(found -> ", " + found.words()).orElse("") + "."));
    }

    private void refuseHome(CopyRepository.Dead dead, Store store) {
        try (PlaceProbe probe = PlaceProbe.put(store)) {
            if (probe.isIn(stores.of(dead.home()))) {
                throw new Failure.Fatal(
                        "the store is the same place as " + dead.home() + ", which the backup itself lies in.",
                        null,
                        null);
            }
        }
    }

    private void catalogue(String name, Store store, String folder, BackupEntries.Attempt attempt) {
        try {
            BackupReader reader = BackupReader.open(store, folder, keyring.of(attempt.project()));
            Manifest manifest = reader.manifest();
            String damage =
                    reader.verify(ProofLevel.STORED, BackupProgress.NONE).damage();
            if (damage != null) {
                throw new Failure.Fatal(damage, null, null);
            }
            transactions.run(attempt.project(), connection -> entries.insert(connection, attempt, name, manifest));
            LOG.log(Level.INFO, "Entered {0} in the catalogue: its run had ended before it could", folder);
        } catch (Failure e) {
            LOG.log(Level.WARNING, "{0} is not in the catalogue and cannot be: {1}", folder, e.getMessage());
        } catch (RuntimeException e) {
            // One that cannot be entered does not keep the others out
            LOG.log(Level.WARNING, folder + " is not in the catalogue and cannot be", e);
        }
    }
}
