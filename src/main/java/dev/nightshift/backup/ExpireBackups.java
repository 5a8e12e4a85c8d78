package dev.nightshift.backup;

import dev.nightshift.audit.Audit;
import dev.nightshift.backup.expiry.ExpiryPlan;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.Findings;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Says of one instance's backups which go, and deletes them if it is told to; then the log that only they needed. */
@Named("expireBackups")
@Dependent
public class ExpireBackups extends TargetBatchlet {
    /** The reasons of more are in the answer of the backups' list. */
    private static final int MOST_TOLD = 200;

    /** More than synchronised clocks ever differ by. */
    private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(5);

    @Inject
    private Transactions transactions;

    @Inject
    private ExpiryRepository repository;

    @Inject
    private CopyRepository copies;

    @Inject
    private BackupSources sources;

    @Inject
    private WalRepository logs;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    @Inject
    private Fleet fleet;

    @Inject
    private Findings findings;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    @Inject
    private Backups backups;

    /** By store, over all tries of the target. */
    private final Map<String, Long> freedIn = new TreeMap<>();

    @Override
    protected void work(TargetRun target) {
        target.begin(ExpireJob.PLAN);
        boolean apply = target.parameters().flag(ExpireJob.APPLY);
        List<Backup> kept =
                transactions.in(target.project(), connection -> repository.kept(connection, target.instanceId()));
        ExpiryPlan plan = plan(target, kept);
        tell(target, plan, kept, apply);
        target.done(ExpireJob.PLAN, plan.going().size() + " of " + kept.size() + " go");

        Failure unfreed = null;
        if (apply) {
            target.begin(ExpireJob.DELETE);
            unfreed = delete(target, plan);
            if (unfreed == null) {
                target.done(ExpireJob.DELETE, new Bytes(freed()) + " freed");
            } else {
                target.skipped(ExpireJob.DELETE, "Not all stores could be freed.");
            }
        } else {
            target.skipped(ExpireJob.DELETE, "only said what would go");
        }
        target.begin(ExpireJob.LOG);
        target.done(ExpireJob.LOG, new Bytes(trim(target, plan, kept, apply)) + (apply ? " freed" : " would go"));
        if (unfreed != null) {
            // Only now: a store that is away for weeks must not let the log fill another
            target.begin(ExpireJob.DELETE);
            throw unfreed;
        }
    }

    private ExpiryPlan plan(TargetRun target, List<Backup> kept) {
        Instant now = transactions.in(target.project(), ExpiryRepository::now);
        for (Backup backup : kept) {
            if (backup.endedAt().isAfter(now.plus(CLOCKS_DIFFER))) {
                throw new Failure.Fatal(
                        "Backup " + backup.id() + " is said to have ended at " + backup.endedAt()
                                + ", and the repository's clock says that it is " + now
                                + ": by such times nothing is deleted.",
                        "Set the clocks of all nodes and of the repository right. This backup counts as the newest until then.",
                        null);
            }
        }
        Set<UUID> named =
                transactions.in(target.project(), connection -> repository.named(connection, target.instanceId()));
        Map<UUID, Backup> known = kept.stream().collect(Collectors.toMap(Backup::id, backup -> backup));
        Map<UUID, List<CopyRepository.Place>> places = sources.places(target.project(), known.keySet());
        return ExpiryPlan.of(
                kept.stream()
                        .map(backup -> judged(
                                target,
                                backup,
                                named,
                                isCopyProven(backup, places.getOrDefault(backup.id(), List.of()), known)))
                        .toList(),
                ExpireJob.rule(target.parameters()),
                now,
                fleet.project(target.project()).timeZone());
    }

    /** Whether a copy stands proven with all that it needs in its store, and no proof says that one of those fails there. */
    static boolean isCopyProven(Backup backup, List<CopyRepository.Place> places, Map<UUID, Backup> known) {
        return backup.copies().stream()
                .filter(copy ->
                        copy.isWhole() && copy.proof() != null && copy.proof().isRestored())
                .map(Backup.Copy::store)
                .filter(store -> places.stream().anyMatch(place -> place.store().equals(store)))
                .anyMatch(store ->
                        backup.chain().stream().map(known::get).allMatch(each -> each != null && !each.failsIn(store)));
    }

    private ExpiryPlan.Kept judged(TargetRun target, Backup backup, Set<UUID> named, boolean copyStands) {
        Backup.StoredProof proof = backup.proof();
        Backup.Hold hold = backup.hold();
        boolean undamaged = backup.state().equals("COMPLETE");
        boolean own =
                undamaged && backups.against(target.project(), backup.id()).isEmpty();
        boolean copyProven = undamaged && copyStands;
        boolean whole = own || copyProven;
        boolean proven = copyProven || (own && proof != null && proof.isRestored());
        String wanted =
                hold != null ? hold.reason() : named.contains(backup.id()) ? "a run that is not over names it" : null;
        return new ExpiryPlan.Kept(
                backup.id(), backup.systemIdentifier(), backup.endedAt(), whole, proven, wanted, backup.chain());
    }

    private static void tell(TargetRun target, ExpiryPlan plan, List<Backup> kept, boolean apply) {
        long bytes = 0;
        int told = 0;
        for (ExpiryPlan.Verdict verdict : plan.verdicts()) {
            Backup backup = of(kept, verdict.backup().id());
            String what = "The " + backup.kind().toLowerCase(Locale.ROOT) + " backup " + backup.id() + " of "
                    + backup.endedAt().truncatedTo(ChronoUnit.SECONDS) + ", " + new Bytes(backup.storedBytes());
            bytes += verdict.stays() ? 0 : backup.storedBytes();
            if (++told <= MOST_TOLD) {
                target.info(
                        verdict.stays()
                                ? what + ", stays: " + String.join("; ", verdict.because()) + "."
                                : what + (apply ? ", goes." : ", would go."));
            }
        }
        if (told > MOST_TOLD) {
            target.info((told - MOST_TOLD) + " older ones are not listed.");
        }
        plan.verdicts().stream()
                .filter(ExpiryPlan.Verdict::stays)
                .map(ExpiryPlan.Verdict::backup)
                .filter(ExpiryPlan.Kept::whole)
                .min(Comparator.comparing(ExpiryPlan.Kept::endedAt))
                .ifPresent(oldest -> {
                    target.figure("windowFrom", oldest.endedAt());
                    target.info(
                            "What stays restores back to " + oldest.endedAt().truncatedTo(ChronoUnit.SECONDS) + ".");
                });
        target.figure("backupsGoing", plan.going().size());
        target.figure("bytesGoing", bytes);
    }

    private static Backup of(List<Backup> kept, UUID id) {
        return kept.stream().filter(each -> each.id().equals(id)).findFirst().orElseThrow();
    }

    /** One after the other, those that need others first; what an attempt before left is freed too. Answers what failed first. */
    private @Nullable Failure delete(TargetRun target, ExpiryPlan plan) {
        Set<UUID> needed = new HashSet<>();
        for (ExpiryPlan.Kept going : plan.going()) {
            target.throwIfStopped();
            if (needed.contains(going.id()) || !delete(target, going)) {
                target.warn("Backup " + going.id() + " stays: it, or one that needs it, was put on hold meanwhile.");
                needed.addAll(going.chain());
            }
        }
        Failure first = null;
        Set<String> away = new HashSet<>();
        List<ExpiryRepository.Deleted> unfreed = transactions.in(
                target.project(),
                connection -> Stream.concat(
                                repository.unfreed(connection, target.instanceId()).stream(),
                                copies.unfreed(connection, target.instanceId()).stream())
                        .toList());
        for (int done = 0; done < unfreed.size(); done++) {
            target.throwIfStopped();
            target.progress(done, (long) unfreed.size(), "backups", null);
            ExpiryRepository.Deleted deleted = unfreed.get(done);
            if (away.contains(deleted.store())) {
                continue; // asked once, and waited for long enough
            }
            try {
                freedIn.merge(deleted.store(), free(target, deleted), Long::sum);
            } catch (Failure e) {
                target.error("Backup " + deleted.id() + " is deleted, but its objects are not all gone from the store "
                        + deleted.store() + ": " + e.getMessage());
                if (e instanceof Failure.Retryable) {
                    away.add(deleted.store());
                }
                first = first == null ? e : first;
            }
        }
        target.figure("bytesFreed", freed());
        freedIn.forEach((store, bytes) -> {
            target.figure("bytesFreed." + store, bytes);
            target.info("Freed " + new Bytes(bytes) + " in the store " + store + ", by its listing.");
        });
        return first;
    }

    private long freed() {
        return freedIn.values().stream().mapToLong(Long::longValue).sum();
    }

    /** False if somebody wants it to stay after all. */
    private boolean delete(TargetRun target, ExpiryPlan.Kept going) {
        boolean[] stays = new boolean[1];
        // It may be called again after a commit whose answer was lost
        target.store(connection -> {
            if (repository.delete(connection, going.id())) {
                audit.record(
                        target.project(),
                        "backup.expire",
                        "backup " + going.id(),
                        Map.of("run", target.runId(), "endedAt", going.endedAt().toString()));
                findings.closeAbout(target.project(), List.of(going.id()), fingerprint -> true);
                live.changed(target.project(), "backup", going.id());
            }
            stays[0] = repository.isKept(connection, going.id());
        });
        return !stays[0];
    }

    /** By the store's own listing before and after. */
    private long free(TargetRun target, ExpiryRepository.Deleted deleted) {
        Store store = stores.of(deleted.store());
        long bytes = store.list(deleted.location() + "/").stream()
                .mapToLong(Store.Entry::bytes)
                .sum();
        if (deleted.stored() && store instanceof FolderStore folder && folder.looksUnmounted()) {
            throw CopyToStore.unmounted(store);
        }
        target.store(connection -> {}); // only while this attempt still has the target
        store.deleteFolder(deleted.location());
        List<Store.Entry> left = store.list(deleted.location() + "/");
        if (!left.isEmpty()) {
            throw new Failure.Retryable(
                    left.size() + " objects of backup " + deleted.id() + " are still in " + store
                            + " although they were deleted.",
                    "Look whether the store keeps deleted objects: versions, locks, holds.",
                    null);
        }
        target.store(connection -> {
            if (deleted.copy()) {
                copies.freed(connection, deleted.id(), deleted.store());
            } else {
                repository.freed(connection, deleted.id());
            }
        });
        return bytes;
    }

    /** What lies before the first position that any backup of the cluster needs that stays. Answers the bytes. */
    private long trim(TargetRun target, ExpiryPlan plan, List<Backup> kept, boolean apply) {
        long freed = 0;
        Set<UUID> staying = plan.verdicts().stream()
                .filter(ExpiryPlan.Verdict::stays)
                .map(verdict -> verdict.backup().id())
                .collect(Collectors.toSet());
        for (WalRepository.Archive archive :
                transactions.in(target.project(), connection -> logs.archives(connection, target.instanceId()))) {
            target.throwIfStopped();
            // What was deleted, not what was planned: a backup may have been put on hold since
            Optional<Lsn> needed = apply
                    ? transactions.in(
                            target.project(),
                            connection ->
                                    repository.firstNeeded(connection, target.instanceId(), archive.systemIdentifier()))
                    : kept.stream()
                            .filter(backup -> staying.contains(backup.id())
                                    && backup.systemIdentifier().equals(archive.systemIdentifier()))
                            .map(backup -> Lsn.parse(backup.startLsn()))
                            .min(Comparator.naturalOrder());
            if (needed.isPresent()) {
                freed += trim(target, archive, needed.get(), apply);
            } // else nothing says what of it is still wanted
        }
        target.figure(apply ? "logBytesFreed" : "logBytesGoing", freed);
        return freed;
    }

    private long trim(TargetRun target, WalRepository.Archive archive, Lsn needed, boolean apply) {
        Optional<Lsn> end = transactions
                .in(target.project(), connection -> logs.end(connection, archive.id()))
                .map(found -> found.reached().to());
        if (end.isEmpty()) {
            return 0;
        }
        // The segment that the archive ends in stays: archiving goes on from there
        Lsn wanted = end.get().compareTo(needed) < 0 ? end.get() : needed;
        Lsn from = wanted.segmentStart(archive.segmentBytes());
        StoredLog log;
        try {
            log = StoredLog.of(
                    WalFolder.open(stores.of(archive.store()), archive.location(), keyring.of(target.project())));
        } catch (Failure.NotFound e) {
            target.warn("The archive " + archive.location() + " is not in its store any more: " + e.getMessage());
            return 0;
        }
        if (apply) {
            // The catalogue first: it must not promise what is about to go
            target.store(connection -> repository.trimmed(connection, archive.id(), from));
        }
        return log.trim(from, apply);
    }
}
