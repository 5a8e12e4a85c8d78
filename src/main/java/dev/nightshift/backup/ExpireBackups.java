package dev.nightshift.backup;

import dev.nightshift.audit.Audit;
import dev.nightshift.backup.expiry.ExpiryPlan;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.StoredLog;
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
import java.util.UUID;
import java.util.stream.Collectors;

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

    @Override
    protected void work(TargetRun target) {
        target.begin(ExpireJob.PLAN);
        boolean apply = target.parameters().flag(ExpireJob.APPLY);
        List<Backup> kept =
                transactions.in(target.project(), connection -> repository.kept(connection, target.instanceId()));
        ExpiryPlan plan = plan(target, kept);
        tell(target, plan, kept, apply);
        target.done(ExpireJob.PLAN, plan.going().size() + " of " + kept.size() + " go");

        if (apply) {
            target.begin(ExpireJob.DELETE);
            target.done(ExpireJob.DELETE, new Bytes(delete(target, plan)) + " freed");
        } else {
            target.skipped(ExpireJob.DELETE, "only said what would go");
        }
        target.begin(ExpireJob.LOG);
        target.done(ExpireJob.LOG, new Bytes(trim(target, plan, kept, apply)) + (apply ? " freed" : " would go"));
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
        return ExpiryPlan.of(
                kept.stream().map(backup -> judged(target, backup, named)).toList(),
                ExpireJob.rule(target.parameters()),
                now,
                fleet.project(target.project()).timeZone());
    }

    private ExpiryPlan.Kept judged(TargetRun target, Backup backup, Set<UUID> named) {
        Backup.StoredProof proof = backup.proof();
        Backup.Hold hold = backup.hold();
        boolean whole = backup.state().equals("COMPLETE")
                && backups.against(target.project(), backup.id()).isEmpty();
        boolean proven = whole
                && proof != null
                && !proof.outcome().equals("FAILED")
                && proof.proven()
                        .filter(level -> level.compareTo(ProofLevel.RESTORED) >= 0)
                        .isPresent();
        String wanted =
                hold != null ? hold.reason() : named.contains(backup.id()) ? "a run that is not over names it" : null;
        return new ExpiryPlan.Kept(
                backup.id(), series(backup), backup.endedAt(), whole, proven, wanted, backup.chain());
    }

    /** A logical backup stands in for those of the same kind, database and parts of it alone; least of all for physical ones. */
    private static String series(Backup backup) {
        return backup.physical()
                ? backup.systemIdentifier()
                : backup.systemIdentifier() + " " + backup.kind() + " " + backup.databases() + " " + backup.selection();
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
                .filter(each -> of(kept, each.id()).physical())
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

    /** One after the other, those that need others first; what an attempt before left is freed too. Answers the bytes. */
    private long delete(TargetRun target, ExpiryPlan plan) {
        Set<UUID> needed = new HashSet<>();
        for (ExpiryPlan.Kept going : plan.going()) {
            target.throwIfStopped();
            if (needed.contains(going.id()) || !delete(target, going)) {
                target.warn("Backup " + going.id() + " stays: it, or one that needs it, was put on hold meanwhile.");
                needed.addAll(going.chain());
            }
        }
        long freed = 0;
        Failure first = null;
        List<ExpiryRepository.Deleted> unfreed =
                transactions.in(target.project(), connection -> repository.unfreed(connection, target.instanceId()));
        for (int done = 0; done < unfreed.size(); done++) {
            target.throwIfStopped();
            target.progress(done, (long) unfreed.size(), "backups", null);
            try {
                freed += free(target, unfreed.get(done));
            } catch (Failure e) {
                target.error("Backup " + unfreed.get(done).id() + " is deleted, but its objects are not all gone: "
                        + e.getMessage());
                first = first == null ? e : first;
            }
        }
        target.figure("bytesFreed", freed);
        if (first != null) {
            throw first;
        }
        return freed;
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
        target.store(connection -> repository.freed(connection, deleted.id()));
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
                            .filter(backup -> backup.physical()
                                    && staying.contains(backup.id())
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
