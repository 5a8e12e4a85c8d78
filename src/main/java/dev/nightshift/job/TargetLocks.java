package dev.nightshift.job;

import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.TargetPools;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps two runs from doing the same kind of work on one target at once, or kinds of work on one server that keep apart
 * from each other, from whichever node: a lease in the repository orders the nodes, and an advisory lock on the target
 * itself stops a node that was paused and wakes up after its lease lapsed, or another installation of Nightshift.
 */
@ApplicationScoped
class TargetLocks {
    private static final System.Logger LOG = System.getLogger(TargetLocks.class.getName());
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);

    /** So long a target that waits keeps its place in the run from another one, whose server may be free. */
    private static final Duration LET_OTHERS_PASS = Duration.ofSeconds(10);

    @Inject
    private Leases leases;

    @Inject
    private Node node;

    @Inject
    private Fleet fleet;

    @Inject
    private TargetPools pools;

    @Inject
    private Transactions transactions;

    @Inject
    private TargetLedger targets;

    private final Set<Held> held = ConcurrentHashMap.newKeySet();
    private final Set<Lease> unreleased = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean looking = new AtomicBoolean();

    private record Lease(String resource, long fence) {}

    /** What the targets of this process hold, by resource: the ledger takes two attempts at one target for the same holder. */
    private final Map<String, Mine> mine = new ConcurrentHashMap<>();

    private record Mine(TargetRun target, Optional<Lease> lease) {}

    /** Both locks; closing gives them back. */
    final class Held implements AutoCloseable {
        private final TargetRun target;
        private final Lease lease;
        private @Nullable LockSession session;
        private boolean closed;

        private Held(TargetRun target, Lease lease, @Nullable LockSession session) {
            this.target = target;
            this.lease = lease;
            this.session = session;
        }

        /** Names the use of a lock that is only held. */
        void keep() {}

        /**
         * Notices a session that ended, and the lock with it. An administrator may have ended it: where the lock can be
         * had again at once, nobody had it meanwhile. Otherwise the work must not go on without it.
         */
        private void look() {
            LockSession before = current();
            if (before == null || target.stopRequested() || before.isAlive() || current() == null) {
                return;
            }
            target.warn("The session that locks the target was lost.");
            try {
                replace(before.again());
            } catch (Failure e) {
                target.interrupt(new Failure.Retryable(
                        "The lock on the target was lost with its session: " + e.getMessage(), e.remedy(), e));
            }
            before.close();
        }

        /** Ends the session that locks the target, though the work goes on or hangs: it is no longer waited for. */
        private void abandon() {
            held.remove(this);
            LockSession last;
            synchronized (this) {
                last = closed ? null : session;
                closed = true;
            }
            if (last != null) {
                try {
                    last.abort();
                } catch (SQLException e) {
                    LOG.log(System.Logger.Level.WARNING, "A session that locks a target could not be ended", e);
                }
            }
        }

        private synchronized @Nullable LockSession current() {
            return closed ? null : session;
        }

        private synchronized void replace(LockSession again) {
            if (closed) {
                again.close();
            } else {
                session = again;
            }
        }

        @Override
        public void close() {
            held.remove(this);
            LockSession last;
            synchronized (this) {
                last = session;
                closed = true;
            }
            try {
                if (last != null) {
                    last.close();
                }
            } finally {
                release(lease);
            }
        }
    }

    /** Gives back whatever locks a target has whose work is no longer waited for. */
    void abandon(TargetRun target) {
        held.stream().filter(each -> each.target == target).toList().forEach(Held::abandon);
        mine.values().stream()
                .filter(each -> each.target() == target)
                .flatMap(each -> each.lease().stream())
                .forEach(this::release);
        mine.values().removeIf(each -> each.target() == target);
    }

    /** What cannot be given back now is with a later heartbeat: each renews the node's leases, this one among them. */
    private void release(Lease lease) {
        mine.values().removeIf(each -> each.lease().filter(lease::equals).isPresent());
        try {
            leases.release(lease.resource(), lease.fence());
        } catch (Failure.Retryable e) {
            unreleased.add(lease);
        }
    }

    /** With each heartbeat: are the locks still there? */
    void look(@ObservesAsync Beat beat) {
        if (!looking.compareAndSet(false, true)) {
            return;
        }
        try {
            unreleased.removeIf(lease -> {
                leases.release(lease.resource(), lease.fence());
                return true;
            });
            held.forEach(Held::look);
            releaseStrays();
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.DEBUG, "Locks not looked at: {0}", e.getMessage());
        } finally {
            looking.set(false);
        }
    }

    /** Gives back what this node has without knowing: the answer to the taking was lost on the way. */
    private void releaseStrays() {
        leases.heldForTargets(node.id()).forEach((fence, resource) -> {
            // Whoever is asking for it, or has it, is known before the database hears of it
            if (!mine.containsKey(resource)) {
                leases.release(resource, fence);
            }
        });
    }

    private Leases.Answer lease(Leases.Wanted wanted, TargetRun target) {
        Mine asking = new Mine(target, Optional.empty());
        Mine other = mine.putIfAbsent(wanted.resource(), asking);
        if (other != null && other.target() != target) {
            return new Leases.Answer(null, new Leases.Blocker(other.target().targetId(), false));
        }
        Optional<Lease> had = Optional.empty();
        try {
            var answer = Patience.whenRepositoryAnswers(() -> leases.acquire(wanted, node.id(), target.targetId()));
            had = Optional.ofNullable(answer.fence()).map(fence -> new Lease(wanted.resource(), fence));
            return answer;
        } finally {
            had.map(lease -> new Mine(target, Optional.of(lease)))
                    .ifPresentOrElse(
                            held -> mine.put(wanted.resource(), held), () -> mine.remove(wanted.resource(), asking));
        }
    }

    /**
     * Waits until the target is free for the job's kind of work, and its server free of what must not be done beside it;
     * says on the target what it waits for.
     *
     * @throws StopRequested if the run is stopped while it waits
     * @throws HeldBack if others of the run can go on meanwhile
     * @throws Failure.Retryable if the target cannot be reached
     * @throws Failure.Skippable if it refuses the login
     */
    Held acquire(Job job, TargetRun target) throws InterruptedException {
        JobDefinition definition = job.definition();
        Lease lease = await(
                new Leases.Wanted(
                        target.aim().resource(definition.kindOfWork()),
                        target.aim().instance(),
                        definition.kindOfWork(),
                        job.keepsApartFrom(target.parameters())),
                target);
        Held both = null;
        try {
            LockSession session = definition.locksTarget() ? lockOnTarget(definition, target) : null;
            both = new Held(target, lease, session);
            if (target.isWaiting()) {
                target.waitsNoMore();
            }
            held.add(both);
            return both;
        } catch (RuntimeException | InterruptedException e) {
            if (both == null) {
                release(lease);
            } else {
                both.close();
            }
            throw e;
        }
    }

    private Lease await(Leases.Wanted wanted, TargetRun target) throws InterruptedException {
        Leases.Answer answer = lease(wanted, target);
        long since = System.nanoTime();
        boolean queued = answer.fence() == null;
        try {
            while (answer.fence() == null) {
                tell(target, answer.blocker(), System.nanoTime() - since > LET_OTHERS_PASS.toNanos());
                pause(target);
                answer = lease(wanted, target);
            }
            queued = false;
            return new Lease(wanted.resource(), answer.fence());
        } finally {
            if (queued) {
                leaveQueue(target);
            }
        }
    }

    /** @param letOthersPass whether it has waited for long enough to go back */
    private void tell(TargetRun target, Leases.@Nullable Blocker blocker, boolean letOthersPass) {
        Patience.whenRepositoryAnswers(
                () -> {
                    String reason = "Waits for " + blocker(target, blocker) + ".";
                    target.waitsFor(reason);
                    if (letOthersPass && targets.othersCanBegin(target.of(), target.targetId())) {
                        throw new HeldBack(HeldBack.For.LOCK, null, reason);
                    }
                },
                target::throwIfStopped);
    }

    /** A place that is not left now lapses by itself. */
    private void leaveQueue(TargetRun target) {
        try {
            leases.leaveQueue(node.id(), target.targetId());
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.DEBUG, "A place in a queue was not left: {0}", e.getMessage());
        }
    }

    /** Which run is in the way, in words that follow "Waits for". */
    private String blocker(TargetRun target, Leases.@Nullable Blocker blocker) {
        if (blocker == null) {
            return "another run that works on the same target";
        }
        return transactions.in(target.project(), connection -> {
            try (var query = connection.prepareStatement("""
                    select r.job, r.id, t.instance_id is not distinct from ? and t.database_id is not distinct from ? and r.job = ?
                      from job.target t join job.run r on r.project_id = t.project_id and r.id = t.run_id
                     where t.id = ?
                    """)) {
                query.setObject(1, target.aim().instance());
                query.setObject(2, target.aim().database());
                query.setString(3, target.of().job());
                query.setObject(4, blocker.target());
                try (var rows = query.executeQuery()) {
                    if (!rows.next()) {
                        return "another run that works on the same target";
                    }
                    String which = "the " + rows.getString(1) + " run " + rows.getString(2);
                    if (rows.getBoolean(3)) {
                        return which + ", which works on the same target";
                    }
                    return which
                            + (blocker.waits()
                                    ? ", which waits for the same server and asked first"
                                    : ", which works on the same server")
                            + ": the two keep apart from each other";
                }
            }
        });
    }

    private LockSession lockOnTarget(JobDefinition job, TargetRun target) throws InterruptedException {
        UUID database = target.databaseId();
        Endpoint endpoint = database == null
                ? fleet.endpoint(target.project(), target.instanceId())
                : fleet.endpoint(
                        target.project(),
                        target.instanceId(),
                        fleet.database(target.project(), database).dbname());
        var waiting = new AtomicReference<@Nullable LockSession>();
        target.onStop(() -> {
            LockSession session = waiting.get();
            if (session != null) {
                session.abort();
            }
        });
        LockSession session = LockSession.open(pools, endpoint, job.kindOfWork());
        boolean had = false;
        try {
            waiting.set(session);
            while (!session.tryLock()) {
                target.waitsFor("Waits for another Nightshift, or a node that was declared lost, which still works on"
                        + " this target: its session there holds the lock.");
                pause(target);
            }
            had = true;
            return session;
        } finally {
            waiting.set(null);
            if (!had) {
                session.close();
            }
        }
    }

    private static void pause(TargetRun target) throws InterruptedException {
        long until = System.nanoTime() + LOOK_AGAIN.toNanos();
        while (System.nanoTime() < until) {
            target.throwIfStopped();
            Thread.sleep(100);
        }
    }
}
