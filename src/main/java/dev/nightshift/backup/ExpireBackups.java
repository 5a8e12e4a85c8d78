package dev.nightshift.backup;

import dev.nightshift.audit.Audit;
import dev.nightshift.backup.expiry.ExpiryPlan;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.backup.policy.Work;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.Findings;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.json.JsonObject;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
    private CopyRepository copies;

    @Inject
    private ExpiryPlanning planning;

    @Inject
    private ExpirySimulation simulation;

    @Inject
    private ExpireLog log;

    @Inject
    private Policies policies;

    @Inject
    private AgreedExpiry agreed;

    @Inject
    private BackupLeases leases;

    @Inject
    private Stores stores;

    @Inject
    private Findings findings;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    /** By store, over all tries of the target. */
    private final Map<String, Long> freedIn = new TreeMap<>();

    /** As {@link #freedIn}, where it is not known whether the store keeps versions of what is deleted. */
    private final Map<String, Long> doubtedIn = new TreeMap<>();

    /** Of deleted backups, what stores keep locked, by this try. */
    private long locked;

    /** Whether a deleted backup is being read, as this try found. */
    private boolean someAreRead;

    /** As {@link #freedIn}, of the log. */
    private final Map<String, Long> logFreedIn = new TreeMap<>();

    @Override
    protected void work(TargetRun target) {
        target.begin(ExpireJob.PLAN);
        boolean apply = target.parameters().flag(ExpireJob.APPLY);
        PinnedRule rule;
        try {
            rule = rule(target);
        } catch (Failure.Skippable e) {
            if (apply) {
                Failure unfreed = free(target); // what an earlier run deleted is nobody's else
                if (unfreed != null) {
                    throw unfreed;
                }
            }
            throw e;
        }
        ExpiryPlanning.Planned planned = planned(target, rule);
        List<Backup> kept = planned.kept();
        ExpiryPlan plan = planned.plan();
        tell(target, planned, apply);
        target.done(ExpireJob.PLAN, plan.going().size() + " of " + kept.size() + " go");

        Failure unfreed = null;
        if (apply) {
            target.begin(ExpireJob.DELETE);
            unfreed = delete(target, plan, rule);
            if (unfreed == null) {
                target.done(ExpireJob.DELETE, new Bytes(freed()) + " freed");
            } else {
                target.skipped(ExpireJob.DELETE, "Not all stores could be freed.");
            }
        } else {
            target.skipped(ExpireJob.DELETE, "only said what would go");
        }
        target.begin(ExpireJob.LOG);
        ExpireLog.Sum trimmed = someAreRead ? ExpireLog.Sum.NOTHING : log.trim(target, planned, apply, logFreedIn);
        if (someAreRead) {
            target.skipped(ExpireJob.LOG, "A deleted backup that is being read may need it.");
        } else if (trimmed.first() == null) {
            target.done(ExpireJob.LOG, new Bytes(trimmed.bytes()) + (apply ? " freed" : " would go"));
        }
        // Only now: a store that is away for weeks must not let the log fill another
        if (unfreed != null) {
            if (trimmed.first() != null) {
                target.skipped(ExpireJob.LOG, "Not all stores could be freed.");
            }
            target.begin(ExpireJob.DELETE);
            throw unfreed;
        }
        if (trimmed.first() != null) {
            throw trimmed.first();
        }
    }

    /** The stores are asked who reads in them only where something would go. */
    private ExpiryPlanning.Planned planned(TargetRun target, PinnedRule rule) {
        Set<UUID> shown = agreed.shown(target);
        ExpiryPlanning.Planned first = planning.plan(target.project(), target.instanceId(), rule.rule(), shown);
        Map<UUID, String> read = leases.inUse(
                target.project(),
                first.plan().going().stream().map(each -> first.of(each.id())).toList());
        return read.isEmpty() ? first : planning.plan(target.project(), target.instanceId(), rule.rule(), shown, read);
    }

    /** What the run's parameters ask for, or the policy of the server as it was when the run first asked. */
    private PinnedRule rule(TargetRun target) {
        if (!target.parameters().flag(ExpireJob.POLICY)) {
            agreed.requireNoOwnRule(target);
            return new PinnedRule("", ExpireJob.rule(target.parameters()));
        }
        Optional<JsonObject> before = target.checkpoint();
        PinnedRule rule = before.isPresent() ? PinnedRule.of(before.get()) : PinnedRule.of(policy(target));
        if (before.isEmpty()) {
            target.checkpoint(rule.json());
        }
        target.info("By the policy " + rule.policy() + ": " + rule.rule().words() + ".");
        return rule;
    }

    private Policy policy(TargetRun target) {
        Policy policy = policies.keeping(target.project(), target.instanceId());
        String of = target.parameters().text(ExpireJob.OF).orElse(null);
        boolean expires = policy.schedules().stream().anyMatch(each -> each.work() == Work.EXPIRE);
        // The run may have waited for hours: what was asked of one policy is not done by the rule of another
        if (of != null && (!policy.name().value().equals(of) || !expires)) {
            throw new Failure.Skippable(
                    "The policy " + of
                            + ", whose schedule started this, no longer answers for this server, or no longer has"
                            + " expiry done.",
                    null,
                    null);
        }
        if (!expires) {
            agreed.requireExpiring(target, policy);
        }
        return policy;
    }

    private void tell(TargetRun target, ExpiryPlanning.Planned planned, boolean apply) {
        ExpiryPlan plan = planned.plan();
        long bytes = 0;
        int told = 0;
        Set<String> silent = new HashSet<>();
        for (ExpiryPlan.Verdict verdict : plan.verdicts()) {
            Backup backup = planned.of(verdict.backup().id());
            String what = "The " + backup.kind().toLowerCase(Locale.ROOT) + " backup " + backup.id()
                    + (backup.physical() ? "" : " (" + String.join(", ", backup.databases()) + ")") + " of "
                    + backup.endedAt().truncatedTo(ChronoUnit.SECONDS) + ", " + new Bytes(backup.storedBytes());
            bytes += verdict.stays() ? 0 : stored(backup);
            if (++told <= MOST_TOLD) {
                target.info(
                        verdict.stays()
                                ? what + ", stays: " + String.join("; ", verdict.because()) + "."
                                : what + (apply ? ", goes." : ", would go" + locks(backup, silent) + "."));
            }
        }
        if (told > MOST_TOLD) {
            target.info((told - MOST_TOLD) + " older ones are not listed.");
        }
        planned.windowFrom().ifPresent(from -> {
            target.figure("windowFrom", from);
            target.info("What stays restores back to " + from.truncatedTo(ChronoUnit.SECONDS) + ".");
        });
        target.figure("backupsGoing", plan.going().size());
        target.figure("bytesGoing", bytes);
    }

    /**
     * Which stores would keep it for how long; nothing where none would.
     *
     * @param silent stores that did not say; the next ones are not asked
     */
    private String locks(Backup backup, Set<String> silent) {
        List<CopyRepository.Place> places = Stream.concat(
                        Stream.of(new CopyRepository.Place(backup.store(), backup.location())),
                        backup.copies().stream().map(copy -> new CopyRepository.Place(copy.store(), copy.location())))
                .toList();
        StringBuilder words = new StringBuilder();
        for (CopyRepository.Place place : places) {
            simulation
                    .lock(place.store(), place.location(), silent)
                    .ifPresent(lock -> words.append("; stays in the store ").append(lock));
        }
        return words.toString();
    }

    /** As the catalogue has it, with its copies. */
    private static long stored(Backup backup) {
        return backup.storedBytes()
                + backup.copies().stream().mapToLong(Backup.Copy::storedBytes).sum();
    }

    /** One after the other, those that need others first; what an attempt before left is freed too. Answers what failed first. */
    private @Nullable Failure delete(TargetRun target, ExpiryPlan plan, PinnedRule rule) {
        Set<UUID> needed = new HashSet<>();
        for (ExpiryPlan.Kept going : plan.going()) {
            target.throwIfStopped();
            if (needed.contains(going.id()) || !delete(target, going, rule)) {
                target.warn("Backup " + going.id() + " stays: it, or one that needs it, was put on hold meanwhile.");
                needed.addAll(going.chain());
            }
        }
        return free(target);
    }

    /** Answers what failed first. */
    private @Nullable Failure free(TargetRun target) {
        Failure first = null;
        locked = 0;
        someAreRead = false;
        Set<String> away = new HashSet<>();
        Set<String> lost = new HashSet<>();
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
            if (stores.isLost(deleted.store())) {
                if (lost.add(deleted.store())) {
                    target.info("The store " + deleted.store() + " is declared lost: nothing is freed there.");
                }
                continue; // it stays to be done, should the store be found again
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
        if (locked > 0) {
            target.figure("bytesLocked", locked);
        }
        freedIn.forEach((store, bytes) -> {
            target.figure("bytesFreed." + store, bytes);
            target.info("Freed " + new Bytes(bytes) + " in the store " + store + ", by its listing.");
        });
        doubtedIn.forEach((store, bytes) -> target.figure("bytesDeleted." + store, bytes));
        return first;
    }

    private long freed() {
        return freedIn.values().stream().mapToLong(Long::longValue).sum();
    }

    /** False if somebody wants it to stay after all. */
    private boolean delete(TargetRun target, ExpiryPlan.Kept going, PinnedRule rule) {
        boolean[] stays = new boolean[1];
        // It may be called again after a commit whose answer was lost
        target.store(connection -> {
            if (repository.delete(connection, going.id())) {
                audit.record(
                        target.project(),
                        "backup.expire",
                        "backup " + going.id(),
                        Map.of(
                                "run", target.runId(),
                                "endedAt", going.endedAt().toString(),
                                "policy", rule.policy(),
                                "keep", rule.rule().words()));
                findings.closeAbout(target.project(), List.of(going.id()), fingerprint -> true);
                live.changed(target.project(), "backup", going.id());
            }
            stays[0] = repository.isKept(connection, going.id());
        });
        return !stays[0];
    }

    /** By the store's own listing before and after, of versions too where it keeps them. */
    private long free(TargetRun target, ExpiryRepository.Deleted deleted) {
        Store store = stores.of(deleted.store());
        String begin = deleted.location() + "/";
        long bytes = bytes(store.taking(begin));
        if (deleted.stored() && store instanceof FolderStore folder && folder.looksUnmounted()) {
            throw CopyToStore.unmounted(store);
        }
        target.store(connection -> {}); // only while this attempt still has the target
        Optional<String> reader = leases.reader(target.project(), deleted.store(), deleted.id());
        if (reader.isPresent()) {
            someAreRead = true;
            target.warn("Backup " + deleted.id() + " is deleted, but stays in the store " + deleted.store()
                    + " for now: it is being read there by " + reader.get() + ". A run of expire after that frees it.");
            return 0;
        }
        Store.Lock lock = ExpireLog.delete(store, deleted.location()).orElse(null);
        List<Store.Entry> left = store.taking(begin);
        if (!left.isEmpty()) {
            if (lock == null && store.list(begin).isEmpty()) {
                lock = store.lock(begin).orElse(null);
            }
            if (lock == null) {
                throw new Failure.Retryable(
                        left.size() + " objects of backup " + deleted.id() + " are still in " + store
                                + " although they were deleted.",
                        "Look whether the store keeps deleted objects: versions, locks, holds.",
                        null);
            }
            target.warn("Backup " + deleted.id() + " is deleted, but " + new Bytes(bytes(left)) + " of it in the store "
                    + deleted.store() + " are " + lock.words() + ". A run of expire after that frees them.");
            locked += bytes(left);
            return bytes - bytes(left);
        }
        Store.Doubt doubt = store.doubt().orElse(null);
        if (doubt != null) {
            if (!doubtedIn.containsKey(deleted.store())) {
                target.info(ExpireLog.words(deleted.store(), doubt));
            }
            doubtedIn.merge(deleted.store(), bytes, Long::sum);
            if (!doubt.none()) {
                return 0; // it is looked at again, until the store says what it keeps
            }
        }
        target.store(connection -> {
            if (deleted.copy()) {
                copies.freed(connection, deleted.id(), deleted.store());
            } else {
                repository.freed(connection, deleted.id());
            }
        });
        return doubt == null ? bytes : 0;
    }

    private static long bytes(List<Store.Entry> entries) {
        return entries.stream().mapToLong(Store.Entry::bytes).sum();
    }
}
