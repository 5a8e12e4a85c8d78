package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Deadlines;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Session;
import dev.nightshift.postgres.TargetPools;
import java.sql.SQLException;

/** A session on a target that does nothing but hold the advisory lock of a kind of work, for as long as that takes. */
final class LockSession implements AutoCloseable {
    /** Silence after which the server, or the way to it, counts as gone. */
    private static final int PING_SECONDS = 15;

    private final TargetPools pools;
    private final Endpoint endpoint;
    private final String kindOfWork;
    private final Session session;

    private LockSession(TargetPools pools, Endpoint endpoint, String kindOfWork, Session session) {
        this.pools = pools;
        this.endpoint = endpoint;
        this.kindOfWork = kindOfWork;
        this.session = session;
    }

    /**
     * Connects; the lock is not had yet.
     *
     * @throws Failure as {@link TargetPools#open} does
     */
    static LockSession open(TargetPools pools, Endpoint endpoint, String kindOfWork) {
        Session session = pools.openApart(endpoint, Deadlines.interactive(), "lock");
        var lock = new LockSession(pools, endpoint, kindOfWork, session);
        try {
            lock.neverIdleOut();
            return lock;
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** A server that ends idle sessions (14 and newer) must not end this one. */
    private void neverIdleOut() {
        if (session.serverMajor() < 14) {
            return;
        }
        try (var set = session.connection().prepareStatement("set idle_session_timeout = 0")) {
            set.execute();
        } catch (SQLException e) {
            throw pools.failure(endpoint, "Locking " + endpoint, e);
        }
    }

    /** False while another session holds it. */
    boolean tryLock() {
        try {
            return session.tryLock(kindOfWork);
        } catch (SQLException e) {
            throw pools.failure(endpoint, "Locking " + endpoint, e);
        }
    }

    boolean isAlive() {
        try {
            return session.connection().isValid(PING_SECONDS);
        } catch (SQLException e) {
            return false;
        }
    }

    /**
     * Another session of the same kind, with the lock.
     *
     * @throws Failure if somebody else has the lock, or no session is to be had
     */
    LockSession again() {
        LockSession next = open(pools, endpoint, kindOfWork);
        boolean had = false;
        try {
            had = next.tryLock();
        } finally {
            if (!had) {
                next.close();
            }
        }
        if (!had) {
            throw new Failure.Retryable("Another session on " + endpoint + " has it.", null, null);
        }
        return next;
    }

    /** Ends what waits for an answer, from another thread. */
    void abort() throws SQLException {
        session.connection().abort(Runnable::run);
    }

    /** The server gives an advisory lock back when the session ends, however it ends. */
    @Override
    public void close() {
        session.close();
    }
}
