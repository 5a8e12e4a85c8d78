package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import jakarta.ejb.EJB;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The attempts of this node whose targets go to the queue that all nodes take from. The batch runtime carries the targets
 * there and back; whether they were done is in the ledger. A reply that never comes, because the node that owes it died or
 * the broker is away, must not keep a run: the runtime would wait for it for ever.
 */
@ApplicationScoped
class SpreadAttempts {
    private static final System.Logger LOG = System.getLogger(SpreadAttempts.class.getName());

    /** Heartbeats after which what nobody works on is fetched back; between two targets lie milliseconds. */
    static final int SHORTLY = 3;

    @EJB
    @SuppressWarnings("NullAway.Init")
    private BatchRunner batch;

    @Inject
    private SpreadLedger standing;

    @Inject
    private Ledger ledger;

    @Inject
    private LostRuns lost;

    @Inject
    private LocalTargets local;

    @Inject
    private Node node;

    @Inject
    private Broker broker;

    @Inject
    private JobConfig config;

    private final Map<UUID, Spread> attempts = new ConcurrentHashMap<>();

    /** One attempt; what changes is written by heartbeats alone, but for the end of its batch job. */
    private static final class Spread {
        private final Attempt attempt;
        private volatile Optional<Long> execution = Optional.empty();
        private volatile boolean jobEnded;
        private int quiet;

        /** A node that had some of it fell silent: unlike one that was stopped, that counts as a loss. */
        private boolean died;

        /** Targets that the ledger says are worked on here and that were not, at the last look. */
        private Set<UUID> missing = Set.of();

        Spread(Attempt attempt) {
            this.attempt = attempt;
        }
    }

    /** Starts an attempt over the queue; false if it is to be started without. */
    boolean start(Attempt attempt) {
        if (!config.messaging() || !spreads(attempt)) {
            return false;
        }
        var spread = new Spread(attempt);
        attempts.put(attempt.id(), spread);
        try {
            long execution = batch.start(attempt.job(), attempt.id().toString(), true);
            spread.execution = Optional.of(execution);
            return true;
        } catch (RuntimeException e) {
            attempts.remove(attempt.id());
            throw e;
        }
    }

    private boolean spreads(Attempt attempt) {
        try {
            if (!standing.isWorthIt(attempt)) {
                return false;
            }
            Optional<String> away = broker.isAway();
            away.ifPresent(why -> ledger.log(
                    attempt.project(),
                    attempt.run(),
                    null,
                    Run.Level.WARN,
                    "The messaging broker does not answer, so this node works on all targets itself: " + why
                            + " See whether the broker runs and can be reached."));
            return away.isEmpty();
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.WARNING, "Run {0} is not spread: {1}", attempt.run(), e.getMessage());
            return false; // the claim is made: the run begins without the queue
        }
    }

    boolean has(UUID attempt) {
        return attempts.containsKey(attempt);
    }

    /** The batch job has ended; other nodes may still be at work, if it could not wait for them. */
    void jobEnded(UUID attempt) {
        Spread spread = attempts.get(attempt);
        if (spread != null) {
            spread.jobEnded = true;
            // After an outage of the repository every heartbeat is stale; then the next one looks
            if (node.isSteady()) {
                Patience.untilRepositoryAnswers(() -> look(spread));
            }
        }
    }

    /** With each heartbeat. */
    void look() {
        for (Spread spread : List.copyOf(attempts.values())) {
            try {
                look(spread);
            } catch (Failure.Retryable e) {
                throw e;
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "Run " + spread.attempt.run() + " cannot be looked at", e);
            }
        }
    }

    private void look(Spread spread) {
        synchronized (spread) {
            Attempt attempt = spread.attempt;
            if (!attempts.containsKey(attempt.id())) {
                return;
            }
            RunStatus now = ledger.standing(attempt).orElse(null);
            if (now == null) {
                forget(spread); // it has gone on without this attempt
                return;
            }
            SpreadLedger.Standing its = look(spread, attempt);
            spread.died |= its.died();
            if (its.working() > 0) {
                spread.quiet = 0;
                return;
            }
            spread.quiet++;
            if (spread.jobEnded
                    || isStuck(its, now, spread.quiet, broker.isAway().isPresent())) {
                conclude(spread, its, now);
            }
        }
    }

    /** What this node is said to work on and does not is lost when it was so at the last look too: it may begin just now. */
    private SpreadLedger.Standing look(Spread spread, Attempt attempt) {
        Set<UUID> missing = new HashSet<>();
        SpreadLedger.Standing its = standing.look(attempt, node.id(), target -> {
            boolean works = local.worksOn(target);
            if (!works) {
                missing.add(target);
            }
            return works || !spread.missing.contains(target);
        });
        spread.missing = missing;
        return its;
    }

    /** True if nothing more is to be expected from the batch job though it has not ended. */
    static boolean isStuck(SpreadLedger.Standing its, RunStatus run, int quiet, boolean brokerAway) {
        boolean over = its.waiting() == 0 || its.lost() > 0 || run == RunStatus.STOPPING || brokerAway;
        return quiet >= (over ? SHORTLY : IdleAttempts.BEATS);
    }

    private void conclude(Spread spread, SpreadLedger.Standing its, RunStatus now) {
        Attempt attempt = spread.attempt;
        if (now == RunStatus.STOPPING || its.waiting() + its.lost() == 0) {
            ledger.end(attempt, AttemptEnd.UNTOUCHED);
        } else {
            String reason = its.lost() > 0
                    ? "Not every target came back: a node that worked on some of them was lost."
                    : "Not every target was taken from the queue: a node drains or is busy for long, or the messaging broker was away.";
            lost.fetchBack(attempt, reason, spread.died, config.losses());
        }
        forget(spread);
    }

    /** Its batch job may wait for a reply that does not come. */
    private void forget(Spread spread) {
        local.ended(spread.attempt.id());
        attempts.remove(spread.attempt.id());
        if (!spread.jobEnded) {
            spread.execution.ifPresent(batch::stop);
        }
    }
}
