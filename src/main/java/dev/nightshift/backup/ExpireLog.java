package dev.nightshift.backup;

import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Trims the archived log that no backup needs any more which stays: where it was archived, and every copy. */
@ApplicationScoped
class ExpireLog {
    @Inject
    private Transactions transactions;

    @Inject
    private ExpiryRepository repository;

    @Inject
    private LogCopyRepository copies;

    @Inject
    private ExpiryPlanning planning;

    @Inject
    private Stores stores;

    @Inject
    private LogPlaces places;

    /**
     * What it came to.
     *
     * @param bytes that went, or would go, in all stores
     * @param first why one could not be trimmed; null if all were
     */
    record Sum(long bytes, @Nullable Failure first) {
        static final Sum NOTHING = new Sum(0, null);
    }

    /**
     * What lies before the first position that any backup of the cluster needs that stays. One store does not keep the others out.
     *
     * @param freed by store, over all tries of the target; what goes is added
     */
    Sum trim(TargetRun target, ExpiryPlanning.Planned planned, boolean apply, Map<String, Long> freed) {
        if (!apply) {
            freed.clear();
        }
        Failure first = null;
        List<LogCopyRepository.Copy> all = planning.copies(target.project(), target.instanceId());
        for (WalRepository.Archive archive : planning.archives(target.project(), target.instanceId())) {
            target.throwIfStopped();
            // What was deleted, not what was planned: a backup may have been put on hold since
            Optional<Lsn> needed = apply
                    ? transactions.in(
                            target.project(),
                            connection ->
                                    repository.firstNeeded(connection, target.instanceId(), archive.systemIdentifier()))
                    : planned.firstNeeded(archive.systemIdentifier());
            if (needed.isEmpty()) {
                continue; // nothing says what of it is still wanted
            }
            if (stores.isLost(archive.store())) {
                target.info("The archived log " + archive.location() + " and its copies stay as they are: the store "
                        + archive.store() + ", which it was archived in, is declared lost.");
                continue; // its copies are the only ones, and nothing is added to them
            }
            try {
                count(target, freed, archive.store(), trim(target, archive, needed.get(), apply), apply);
            } catch (Failure e) {
                Failure told = told(target, archive.location(), archive.store(), e);
                first = first == null ? told : first;
            }
            for (LogCopyRepository.Copy copy : all) {
                if (!copy.archive().equals(archive.id()) || stores.isLost(copy.store())) {
                    continue;
                }
                target.throwIfStopped();
                try {
                    count(target, freed, copy.store(), trim(target, archive, copy, needed.get(), apply), apply);
                } catch (Failure e) {
                    Failure told = told(target, copy.location(), copy.store(), e);
                    first = first == null ? told : first;
                }
            }
        }
        long bytes = freed.values().stream().mapToLong(Long::longValue).sum();
        String figure = apply ? "logBytesFreed" : "logBytesGoing";
        target.figure(figure, bytes);
        if (!all.isEmpty()) {
            freed.forEach((store, one) -> {
                target.figure(figure + "." + store, one);
                target.info(new Bytes(one) + " of archived log " + (apply ? "are freed" : "would go") + " in the store "
                        + store + ".");
            });
        }
        return new Sum(bytes, first);
    }

    /** What may be kept as versions is not freed. */
    private void count(TargetRun target, Map<String, Long> freed, String store, long bytes, boolean apply) {
        Store.Doubt doubt = apply && bytes > 0 ? stores.of(store).doubt().orElse(null) : null;
        if (doubt != null) {
            target.info(new Bytes(bytes) + " of archived log are deleted in the store " + store + ". "
                    + words(store, doubt));
        }
        freed.merge(store, doubt == null ? bytes : 0, Long::sum);
    }

    /** That what is deleted does not count as freed, and what would help. */
    static String words(String store, Store.Doubt doubt) {
        return "Whether the store " + store + " keeps versions of what is deleted is not known: " + doubt.why()
                + ". Nothing there counts as freed."
                + (doubt.none()
                        ? ""
                        : " Let its login have s3:GetBucketVersioning: each run of expire looks again until then.");
    }

    private static Failure told(TargetRun target, String location, String store, Failure e) {
        target.error("The archived log " + location + " in the store " + store + " is not trimmed: " + e.getMessage());
        return e;
    }

    private long trim(TargetRun target, WalRepository.Archive archive, Lsn needed, boolean apply) {
        Optional<ExpiryPlanning.Cut> cut;
        try {
            cut = planning.cut(target.project(), archive, needed);
        } catch (Failure.NotFound e) {
            target.warn("The archive " + archive.location() + " is not in its store any more: " + e.getMessage());
            return 0;
        }
        if (cut.isEmpty()) {
            return 0;
        }
        if (apply) {
            // The catalogue first: it must not promise what is about to go
            target.store(connection ->
                    repository.trimmed(connection, archive.id(), cut.get().from()));
        }
        StoredLog.Trimmed trimmed = cut.get().log().trim(cut.get().from(), apply);
        locked(target, archive.store(), archive.location(), trimmed.left(), null);
        return trimmed.bytes();
    }

    /** A copy of which nothing is left goes with its description: archiving goes on elsewhere. */
    private long trim(
            TargetRun target, WalRepository.Archive archive, LogCopyRepository.Copy copy, Lsn needed, boolean apply) {
        if (apply) {
            try {
                places.requireApart(copy.store(), archive);
            } catch (Failure.NotFound e) {
                target.warn("The copy of the archive " + copy.location() + " in the store " + copy.store()
                        + " is kept as it is, for it may be the only one: " + e.getMessage());
                return 0;
            }
        }
        ExpiryPlanning.Cut cut;
        try {
            cut = planning.cut(target.project(), archive, copy, needed);
        } catch (Failure.NotFound e) {
            return withoutDescription(target, copy, apply, e);
        }
        if (!apply) {
            return cut.log().trim(cut.from(), false).bytes();
        }
        target.store(connection -> copies.trimmed(connection, copy.id(), cut.from()));
        StoredLog.Trimmed trimmed = cut.log().trim(cut.from(), true);
        locked(target, copy.store(), copy.location(), trimmed.left(), null);
        long bytes = trimmed.bytes();
        if (cut.log().isBefore(cut.from())) {
            // A run that is killed within leaves a folder without description, and the next knows that it is to go
            target.store(connection -> copies.freeing(connection, copy.id()));
            return bytes + free(target, copy);
        }
        List<Store.Entry> left = stores.of(copy.store()).list(copy.location() + "/");
        target.store(connection -> copies.left(connection, copy.id(), left.size(), bytes(left)));
        return bytes;
    }

    /** Log that no description opens stays while the job copy can put one there again. */
    private long withoutDescription(
            TargetRun target, LogCopyRepository.Copy copy, boolean apply, Failure.NotFound missing) {
        List<Store.Entry> left = stores.of(copy.store()).list(copy.location() + "/");
        boolean going = copy.copiedAt() == null; // it was begun, and never came so far; or was being freed
        if (going || left.isEmpty()) {
            return apply ? free(target, copy) : bytes(stores.of(copy.store()).taking(copy.location() + "/"));
        }
        target.warn("The copy of the archive " + copy.location() + " in the store " + copy.store()
                + " is kept, but does not open: " + missing.getMessage()
                + " Run the job copy to that store, or delete the folder there.");
        return 0;
    }

    private long free(TargetRun target, LogCopyRepository.Copy copy) {
        Store store = stores.of(copy.store());
        long bytes = bytes(store.taking(copy.location() + "/"));
        Store.Lock lock = delete(store, copy.location()).orElse(null);
        List<Store.Entry> left = store.taking(copy.location() + "/");
        if (!left.isEmpty()) {
            locked(target, copy.store(), copy.location(), bytes(left), lock);
            return bytes - bytes(left); // the next run frees the rest
        }
        if (store.doubt().filter(doubt -> !doubt.none()).isEmpty()) {
            target.store(connection -> copies.freed(connection, copy.id()));
        }
        return bytes;
    }

    /** Deletes a folder, or answers which lock refuses that; what no lock refuses fails. */
    static Optional<Store.Lock> delete(Store store, String folder) {
        try {
            store.deleteFolder(folder);
            return Optional.empty();
        } catch (Failure.Unusable e) {
            return Optional.of(store.kept(folder + "/", e).orElseThrow(() -> e));
        }
    }

    /**
     * Of log that is deleted; what no lock explains the store itself has refused.
     *
     * @param lock null where nobody has asked yet
     */
    private void locked(TargetRun target, String store, String location, long bytes, Store.@Nullable Lock lock) {
        if (bytes > 0) {
            target.warn(new Bytes(bytes) + " of archived log " + location + " in the store " + store
                    + " are deleted, and take room still: "
                    + Optional.ofNullable(lock)
                            .or(() -> stores.of(store).lock(location + "/"))
                            .map(found -> "the newest is " + found.words())
                            .orElse("the store keeps them")
                    + ". A run of expire after that frees them.");
        }
    }

    private static long bytes(List<Store.Entry> entries) {
        return entries.stream().mapToLong(Store.Entry::bytes).sum();
    }
}
