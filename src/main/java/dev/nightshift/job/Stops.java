package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Ends what this node works on though it should not any more: first by word, then by cancelling what the work waits for, and
 * after the grace time without the thread that does it. A thread that hangs in a read that nobody answers must keep neither
 * its run nor its locks.
 */
@ApplicationScoped
class Stops {
    private static final System.Logger LOG = System.getLogger(Stops.class.getName());

    @Inject
    private Ledger ledger;

    @Inject
    private TargetLedger targets;

    @Inject
    private TargetLocks locks;

    @Inject
    private LocalTargets local;

    @Inject
    private SpreadAttempts spread;

    @Inject
    private JobConfig config;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedExecutorService executor;

    private final Set<UUID> unwaited = ConcurrentHashMap.newKeySet();

    /** Every second, for each attempt that this process works on, though another node may have the run. */
    void look(Attempt attempt) {
        RunStatus standing = ledger.standing(attempt).orElse(null);
        if (standing == RunStatus.STARTED) {
            return;
        }
        boolean stopping = standing == RunStatus.STOPPING;
        for (TargetRun target : local.of(attempt)) {
            if (stopping) {
                target.signal().stop(executor);
            } else {
                target.signal().takenOver(executor);
            }
            if (target.signal().isOverdue(config.stopGrace())) {
                giveUp(attempt, target, stopping);
            }
        }
        if (!local.of(attempt).isEmpty()) {
            return;
        }
        if (!stopping) {
            forget(attempt);
        } else if (local.attempt(attempt.id()).isEmpty() || spread.has(attempt.id())) {
            // What is left of it is at other nodes as well: whoever has the run ends it by the ledger.
            unwaited.remove(attempt.id());
        } else if (unwaited.contains(attempt.id())) {
            // Its batch job waits for the thread that hangs, and would end the run with it.
            ledger.end(attempt, "The run was stopped.");
            forget(attempt);
        }
    }

    private void giveUp(Attempt attempt, TargetRun target, boolean stopping) {
        String reason = "Did not end within " + config.stopGrace().toSeconds() + " s of the stop; given up.";
        // First what the ledger says: should the repository be away, all of this is done again in a second.
        if (stopping && targets.giveUp(attempt, target.targetId(), reason)) {
            ledger.log(attempt.project(), attempt.run(), target.targetId(), Run.Level.WARN, reason);
        }
        unwaited.add(attempt.id());
        local.remove(target);
        target.signal().giveUp(executor);
        LOG.log(
                System.Logger.Level.WARNING,
                "Run {0} {1} {2}: {3}",
                attempt.run(),
                attempt.job(),
                target.databaseNames(),
                reason);
        try {
            locks.abandon(target);
        } catch (Failure.Retryable e) {
            // Renewed with the node's other leases; the thread gives it back should it ever go on.
            LOG.log(System.Logger.Level.WARNING, "A lease was not given back: {0}", e.getMessage());
        }
    }

    private void forget(Attempt attempt) {
        local.ended(attempt.id());
        unwaited.remove(attempt.id());
    }
}
