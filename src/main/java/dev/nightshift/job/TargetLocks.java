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
 * Keeps two runs from doing the same kind of work on one target at once, from whichever node: a lease in the repository
 * orders the nodes, and an advisory lock on the target itself stops a node that was paused and wakes up after its lease
 * lapsed, or another installation of Nightshift.
 */
@ApplicationScoped
class TargetLocks {
    private static final System.Logger LOG = System.getLogger(TargetLocks.class.getName());
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);

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
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.DEBUG, "Locks not looked at: {0}", e.getMessage());
        } finally {
            looking.set(false);
        }
    }

    private Optional<Long> lease(String resource, TargetRun target) {
        Mine asking = new Mine(target, Optional.empty());
        Mine other = mine.putIfAbsent(resource, asking);
        if (other != null && other.target() != target) {
            return Optional.empty();
        }
        Optional<Long> fence = Optional.empty();
        try {
            fence = Patience.whenRepositoryAnswers(() -> leases.acquire(resource, node.id(), target.targetId()));
            return fence;
        } finally {
            fence.map(taken -> new Mine(target, Optional.of(new Lease(resource, taken))))
                    .ifPresentOrElse(held -> mine.put(resource, held), () -> mine.remove(resource, asking));
        }
    }

    /**
     * Waits until the target is free for the job's kind of work; says on the target what it waits for.
     *
     * @throws StopRequested if the run is stopped while it waits
     * @throws Failure.Retryable if the target cannot be reached
     * @throws Failure.Skippable if it refuses the login
     */
    Held acquire(JobDefinition job, TargetRun target) throws InterruptedException {
        String resource = resource(job, target);
        Optional<Long> fence = lease(resource, target);
        while (fence.isEmpty()) {
            target.waitsFor("Waits for " + holder(target, resource) + ".");
            pause(target);
            fence = lease(resource, target);
        }
        var lease = new Lease(resource, fence.get());
        Held both = null;
        try {
            LockSession session = job.locksTarget() ? lockOnTarget(job, target) : null;
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

    private static String resource(JobDefinition job, TargetRun target) {
        return target.aim().resource(job.kindOfWork());
    }

    private String holder(TargetRun target, String resource) {
        return leases.holder(resource)
                .flatMap(holder -> transactions.in(target.project(), connection -> {
                    try (var query = connection.prepareStatement("""
                            select r.job, r.id from job.target t join job.run r on r.project_id = t.project_id and r.id = t.run_id
                             where t.id = ?
                            """)) {
                        query.setObject(1, holder);
                        try (var rows = query.executeQuery()) {
                            return rows.next()
                                    ? Optional.of("the " + rows.getString(1) + " run " + rows.getString(2)
                                            + ", which works on the same target")
                                    : Optional.<String>empty();
                        }
                    }
                }))
                .orElse("another run that works on the same target");
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
