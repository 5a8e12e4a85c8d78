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
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Says of one instance's backups which go, and deletes them if it is told to; then the log that only they needed. */
@Named("expireBackups")
@Dependent
public class ExpireBackups extends TargetBatchlet {
    /** The reasons of more are in the answer of the backups' list. */
    private static final int MOST_TOLD = 200;

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
    private Clock clock;

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
        return ExpiryPlan.of(
                kept.stream().map(ExpireBackups::judged).toList(),
                ExpireJob.rule(target.parameters()),
                clock.now(),
                fleet.project(target.project()).timeZone());
    }

    private static ExpiryPlan.Kept judged(Backup backup) {
        Backup.Hold hold = backup.hold();
        Backup.StoredProof proof = backup.proof();
        boolean proven = proof != null
                && !proof.outcome().equals("FAILED")
                && proof.proven()
                        .filter(level -> level.compareTo(ProofLevel.RESTORED) >= 0)
                        .isPresent();
        return new ExpiryPlan.Kept(
                backup.id(),
                backup.endedAt(),
                backup.state().equals("COMPLETE"),
                proven,
                hold == null ? null : hold.reason(),
                backup.chain());
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

    /** One after the other, those that need others first; what an attempt before left is freed too. Answers the bytes. */
    private long delete(TargetRun target, ExpiryPlan plan) {
        for (ExpiryPlan.Kept going : plan.going()) {
            target.throwIfStopped();
            transactions.run(target.project(), connection -> {
                if (!repository.delete(connection, going.id())) {
                    target.warn("Backup " + going.id() + " stays: it was put on hold meanwhile.");
                    return;
                }
                audit.record(target.project(), "backup.expire", "backup " + going.id(), Map.of("run", target.runId()));
                findings.closeAbout(target.project(), List.of(going.id()), fingerprint -> true);
            });
        }
        long freed = 0;
        List<ExpiryRepository.Deleted> unfreed =
                transactions.in(target.project(), connection -> repository.unfreed(connection, target.instanceId()));
        for (int done = 0; done < unfreed.size(); done++) {
            target.throwIfStopped();
            target.progress(done, (long) unfreed.size(), "backups", null);
            freed += free(target, unfreed.get(done));
        }
        target.figure("bytesFreed", freed);
        return freed;
    }

    /** By the store's own listing before and after. */
    private long free(TargetRun target, ExpiryRepository.Deleted deleted) {
        Store store = stores.of(deleted.store());
        long bytes = store.list(deleted.location() + "/").stream()
                .mapToLong(Store.Entry::bytes)
                .sum();
        store.deleteFolder(deleted.location());
        List<Store.Entry> left = store.list(deleted.location() + "/");
        if (!left.isEmpty()) {
            throw new Failure.Retryable(
                    left.size() + " objects of backup " + deleted.id() + " are still in " + store
                            + " although they were deleted.",
                    "Look whether the store keeps deleted objects: versions, locks, holds.",
                    null);
        }
        transactions.run(target.project(), connection -> repository.freed(connection, deleted.id()));
        return bytes;
    }

    /** What lies before the first position that any backup of the cluster needs that stays. Answers the bytes. */
    private long trim(TargetRun target, ExpiryPlan plan, List<Backup> kept, boolean apply) {
        long freed = 0;
        List<UUID> staying = plan.verdicts().stream()
                .filter(ExpiryPlan.Verdict::stays)
                .map(verdict -> verdict.backup().id())
                .toList();
        for (WalRepository.Archive archive :
                transactions.in(target.project(), connection -> logs.archives(connection, target.instanceId()))) {
            target.throwIfStopped();
            Optional<Lsn> first = kept.stream()
                    .filter(backup -> staying.contains(backup.id())
                            && backup.systemIdentifier().equals(archive.systemIdentifier()))
                    .map(backup -> Lsn.parse(backup.startLsn()))
                    .min(Comparator.naturalOrder());
            if (first.isEmpty()) {
                continue; // nothing says what of it is still wanted
            }
            Lsn from = first.get().segmentStart(archive.segmentBytes());
            StoredLog log = StoredLog.of(
                    WalFolder.open(stores.of(archive.store()), archive.location(), keyring.of(target.project())));
            if (apply) {
                // The catalogue first: it must not promise what is about to go
                transactions.run(target.project(), connection -> repository.trimmed(connection, archive.id(), from));
            }
            freed += log.trim(from, apply);
        }
        target.figure(apply ? "logBytesFreed" : "logBytesGoing", freed);
        return freed;
    }
}
