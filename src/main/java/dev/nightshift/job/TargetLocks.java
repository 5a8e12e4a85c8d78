package dev.nightshift.job;

import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Keeps two runs from doing the same kind of work on one target at once, from whichever node: a lease in the repository
 * orders the nodes, and an advisory lock on the target itself stops a node that was paused and wakes up after its lease
 * lapsed, or another installation of Nightshift.
 */
@ApplicationScoped
class TargetLocks {
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);

    @Inject
    private Leases leases;

    @Inject
    private Node node;

    @Inject
    private Fleet fleet;

    @Inject
    private Transactions transactions;

    /** Both locks; closing gives them back. */
    static final class Held implements AutoCloseable {
        private final Runnable release;
        private final @Nullable Connection session;

        private Held(Runnable release, @Nullable Connection session) {
            this.release = release;
            this.session = session;
        }

        /** Names the use of a lock that is only held. */
        void keep() {}

        @Override
        public void close() {
            try {
                if (session != null) {
                    session.close();
                }
            } catch (SQLException e) {
                // The server gives an advisory lock back when the session ends, however it ends.
            } finally {
                release.run();
            }
        }
    }

    /**
     * Waits until the target is free for the job's kind of work; says on the target what it waits for.
     *
     * @throws StopRequested if the run is stopped while it waits
     * @throws Failure.Retryable if the target cannot be reached
     */
    Held acquire(JobDefinition job, TargetRun target) throws InterruptedException {
        String resource = resource(job, target);
        boolean waited = false;
        Optional<Long> fence;
        while ((fence = Patience.whenRepositoryAnswers(() -> leases.acquire(resource, node.id(), target.targetId())))
                .isEmpty()) {
            waited = true;
            target.waitsFor("Waits for " + holder(target, resource) + ".");
            pause(target);
        }
        long held = fence.get();
        Runnable release = () -> Patience.untilRepositoryAnswers(() -> leases.release(resource, held));
        try {
            Connection session = job.locksTarget() ? lockOnTarget(job, target) : null;
            if (waited || session != null) {
                target.waitsNoMore();
            }
            return new Held(release, session);
        } catch (RuntimeException | InterruptedException e) {
            release.run();
            throw e;
        }
    }

    private static String resource(JobDefinition job, TargetRun target) {
        UUID database = target.databaseId();
        return (job.unit() == Unit.INSTANCE || database == null
                        ? "instance:" + target.instanceId()
                        : "database:" + database)
                + ":" + job.kindOfWork();
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

    private Connection lockOnTarget(JobDefinition job, TargetRun target) throws InterruptedException {
        UUID database = target.databaseId();
        Endpoint endpoint = job.unit() == Unit.INSTANCE || database == null
                ? fleet.endpoint(target.project(), target.instanceId())
                : fleet.endpoint(
                        target.project(),
                        target.instanceId(),
                        fleet.database(target.project(), database).dbname());
        try {
            var properties = endpoint.jdbcProperties();
            properties.setProperty("tcpKeepAlive", "true");
            Connection session = DriverManager.getConnection(endpoint.jdbcUrl(), properties);
            try {
                neverIdleOut(session);
                while (!tryLock(session, job)) {
                    target.waitsFor(
                            "Waits for another Nightshift, or a node that was declared lost, which still works on"
                                    + " this target: its session there holds the lock.");
                    pause(target);
                }
                return session;
            } catch (SQLException | RuntimeException | InterruptedException e) {
                session.close();
                throw e;
            }
        } catch (SQLException e) {
            throw new Failure.Retryable(
                    "No connection to " + endpoint.host() + ":" + endpoint.port() + ": " + e.getMessage(),
                    "Check the connection on the database's page.",
                    e);
        }
    }

    /** This session only holds the lock for hours; a server that ends idle sessions (14 and newer) must not end it. */
    private static void neverIdleOut(Connection session) throws SQLException {
        if (session.getMetaData().getDatabaseMajorVersion() >= 14) {
            try (var set = session.prepareStatement("set idle_session_timeout = 0")) {
                set.execute();
            }
        }
    }

    private static boolean tryLock(Connection session, JobDefinition job) throws SQLException {
        try (var query = session.prepareStatement("select pg_try_advisory_lock(hashtextextended(?, 0))")) {
            query.setString(1, "nightshift " + job.kindOfWork());
            try (var rows = query.executeQuery()) {
                rows.next();
                return rows.getBoolean(1);
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
