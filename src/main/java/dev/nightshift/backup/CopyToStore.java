package dev.nightshift.backup;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.stored.BackupCopy;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.PlaceProbe;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Copies backups of a run's target to another store, each after those that it needs. */
@ApplicationScoped
class CopyToStore {
    @Inject
    private BackupLeases leases;

    @Inject
    private Stores stores;

    @Inject
    private CopyRepository repository;

    @Inject
    private CopyLogs logs;

    @Inject
    private Backups backups;

    @Inject
    private Keyring keyring;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /** What was done: objects sent, objects that were there already, and bytes that all the copies have. */
    record Sum(int sent, int found, long bytes, int copies) {
        static final Sum NOTHING = new Sum(0, 0, 0, 0);

        Sum plus(BackupCopy.Result one) {
            return new Sum(sent + one.sent(), found + one.found(), bytes + one.bytes(), copies + 1);
        }
    }

    /** Of these backups and all that they need, those that were not taken to this store; those that are needed first. */
    List<Backup> needed(TargetRun target, List<Backup> wanted, String store) {
        Map<UUID, Backup> known = new LinkedHashMap<>();
        wanted.forEach(backup -> known.put(backup.id(), backup));
        return wanted.stream()
                .flatMap(backup -> backup.chain().stream())
                .distinct()
                .sorted()
                .map(id -> Optional.ofNullable(known.get(id)).orElseGet(() -> backups.get(target.project(), id)))
                .filter(backup -> !backup.store().equals(store))
                .toList();
    }

    /**
     * Copies one after the other. One that cannot be copied keeps only those out that need it.
     *
     * @param needed in their order
     * @param reading what the stores that are copied from are read through
     * @throws Failure.Fatal the first reason why one could not be copied, when the others are
     * @throws Failure.Retryable if a store cannot be used now
     */
    Sum copy(TargetRun target, List<Backup> needed, String store, UnaryOperator<Store> reading) {
        Store to = stores.of(store);
        Sum sum = Sum.NOTHING;
        Set<UUID> failed = new HashSet<>();
        Failure first = null;
        for (Backup backup : needed) {
            target.throwIfStopped();
            if (backup.chain().stream().anyMatch(failed::contains)) {
                failed.add(backup.id());
                target.warn("Backup " + backup.id() + " is not copied: it needs one that could not be.");
                continue;
            }
            try {
                sum = sum.plus(one(target, backup, to, store, reading));
            } catch (Failure.Fatal | Failure.NotFound | Failure.Conflict | Failure.Retryable e) {
                // A store that cannot be used now cannot be for the others either
                if (e instanceof Failure.Retryable && !isBeingRemoved(target, backup, store)) {
                    throw e;
                }
                target.error("Backup " + backup.id() + " is not copied to the store " + store + ": " + e.getMessage());
                failed.add(backup.id());
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw first;
        }
        return sum;
    }

    private boolean isBeingRemoved(TargetRun target, Backup backup, String store) {
        return transactions.in(
                target.project(), connection -> CopyRepository.isBeingRemoved(connection, backup.id(), store));
    }

    /**
     * Copies what a run took to several stores, physical backups with the archived log behind those that lie there; a store that
     * fails does not keep the others out.
     *
     * @param reading what the stores that are copied from are read through
     * @throws Failure of the first that failed, when the others are done; the backups themselves are not touched
     */
    void copyAll(TargetRun target, List<UUID> ids, List<String> to, UnaryOperator<Store> reading) {
        List<Backup> taken =
                ids.stream().map(id -> backups.get(target.project(), id)).toList();
        String what = taken.size() == 1 ? "Backup " + ids.get(0) : "Not each of the " + taken.size() + " backups";
        Failure first = null;
        for (String store : to) {
            boolean copied = false;
            try {
                copy(target, needed(target, taken, store), store, reading);
                copied = true;
                if (taken.stream().anyMatch(Backup::physical)) {
                    logs.copy(target, store, reading);
                }
            } catch (Failure e) {
                if (e instanceof Failure.Retryable || e instanceof Failure.Skippable) { // the others were told of
                    target.error((copied ? "The archived log" : what) + " is not copied to the store " + store + ": "
                            + e.getMessage());
                }
                // As long as one may come back, all are tried again: what is whole by then is not sent
                first = first == null || (e instanceof Failure.Retryable && !(first instanceof Failure.Retryable))
                        ? named(store, copied, e)
                        : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private static Failure named(String store, boolean copied, Failure e) {
        String what = (copied
                        ? "The backup is taken and copied to the store " + store
                                + ", but not all of the archived log is: "
                        : "The backup is taken, but not copied to the store " + store + ": ")
                + e.getMessage();
        String remedy = e.remedy() != null ? e.remedy() : "Restart this target, or run the job copy.";
        return e instanceof Failure.Retryable
                ? new Failure.Retryable(what, remedy, e)
                : new Failure.Fatal(what, remedy, e);
    }

    private BackupCopy.Result one(
            TargetRun target, Backup backup, Store to, String store, UnaryOperator<Store> reading) {
        ProjectKeys keys = keyring.of(target.project());
        String source = source(target, backup, store, keys);
        try (BackupLeases.Held lease = leases.reading(target, source, backup, List.of(backup.id()))) {
            lease.keep();
            return one(target, backup, reading.apply(stores.of(source)), to, store, keys);
        }
    }

    private BackupCopy.Result one(
            TargetRun target, Backup backup, Store from, Store to, String store, ProjectKeys keys) {
        refuseUnmounted(target, to, store);
        refuseSamePlace(to, store, places(backup, store), "the backup lies in");
        var begun = new CopyRepository.Begun[1];
        target.store(connection -> begun[0] =
                repository.begin(connection, Ids.next(clock), target.project(), target.runId(), backup, store));
        BackupCopy copy =
                new BackupCopy(from, to, backup.location(), keys, new StoppableProgress(target, backup.storedBytes()));
        if (begun[0] == CopyRepository.Begun.WHOLE) {
            Long there = copy.listed(backup.id()).orElse(null);
            if (there != null) {
                note(target, backup, store, there);
                target.info("Backup " + backup.id() + " is in the store " + store + " already, whole by its listing.");
                return new BackupCopy.Result(there, 0, 0);
            }
        }
        // One that can be read stays in use until an object of it is known to be wrong
        BackupCopy.Result result = copy.run(backup.id(), () -> {
            if (begun[0] != CopyRepository.Begun.COPYING) {
                target.warn("The copy of backup " + backup.id() + " in the store " + store
                        + " is not whole any more: it is made whole again.");
                target.store(connection -> repository.copying(
                        connection, Ids.next(clock), target.project(), target.runId(), backup, store));
            }
        });
        note(target, backup, store, result.bytes());
        target.info("Copied backup " + backup.id() + " to the store " + store + ": " + result.sent() + " objects sent, "
                + result.found() + " found there, " + new Bytes(result.bytes()) + " by its listing.");
        return result;
    }

    /** What is written where a disk should be mounted fills another disk, and is not seen once it is mounted. */
    void refuseUnmounted(TargetRun target, Store to, String store) {
        if (to instanceof FolderStore folder
                && folder.looksUnmounted()
                && transactions.in(target.project(), connection -> CopyRepository.holds(connection, store))) {
            throw unmounted(to);
        }
    }

    static Failure.Retryable unmounted(Store store) {
        return new Failure.Retryable(
                "The " + store + " is empty although backups were stored in it: it looks unmounted.",
                "Mount it. If it was emptied on purpose, make a folder in it.",
                null);
    }

    /**
     * A copy in the same place is none, and what removes it removes the original.
     *
     * @param others where the original lies or may lie
     * @param what is there, as the end of "which …"
     */
    void refuseSamePlace(Store to, String store, Stream<String> others, String what) {
        try (PlaceProbe probe = PlaceProbe.put(to)) {
            for (String name : others.toList()) {
                if (isIn(probe, name)) {
                    throw new Failure.Fatal(
                            "The store " + store + " is the same place as the store " + name + ", which " + what
                                    + ": a copy there would be none.",
                            "Copy to a store of another place.",
                            null);
                }
            }
        }
    }

    private boolean isIn(PlaceProbe probe, String name) {
        try {
            return probe.isIn(stores.of(name));
        } catch (Failure e) {
            return false; // the one that was just written answers: this is another
        }
    }

    /** Where it lies or may lie, beside this store. */
    private static Stream<String> places(Backup backup, String store) {
        return Stream.concat(Stream.of(backup.store()), backup.copies().stream().map(Backup.Copy::store))
                .filter(name -> !name.equals(store));
    }

    private void note(TargetRun target, Backup backup, String store, long bytes) {
        target.store(
                connection -> repository.made(connection, target.project(), target.runId(), backup.id(), store, bytes));
    }

    /** The store that the backup was taken to, else one that has a whole copy; its manifest is ours. */
    private String source(TargetRun target, Backup backup, String store, ProjectKeys keys) {
        List<String> candidates = Stream.concat(
                        Stream.of(backup.store()),
                        backup.copies().stream().filter(Backup.Copy::isWhole).map(Backup.Copy::store))
                .filter(name -> !name.equals(store))
                .toList();
        List<String> reasons = new ArrayList<>();
        for (String name : candidates) {
            String reason = unusable(name, backup, keys);
            if (reason == null) {
                if (!reasons.isEmpty()) {
                    target.warn("Backup " + backup.id() + " is copied from the store " + name + ": " + reasons.get(0));
                }
                return name;
            }
            reasons.add(reason);
        }
        throw new Failure.Retryable(
                "Backup " + backup.id() + " cannot be read from any store: " + String.join(" ", reasons),
                "Look at the stores that it lies in.",
                null);
    }

    /** A manifest that is not ours is never copied over one that may be. */
    private @Nullable String unusable(String store, Backup backup, ProjectKeys keys) {
        try {
            BackupReader.open(stores.of(store), backup.location(), keys);
            return null;
        } catch (Failure e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** All of an instance that are kept, or the newest whole one. */
    List<Backup> chosen(TargetRun target, boolean all, ExpiryRepository catalogue) {
        return all
                ? transactions.in(target.project(), connection -> catalogue.kept(connection, target.instanceId()))
                : backups.newest(target.project(), target.instanceId()).stream().toList();
    }
}
