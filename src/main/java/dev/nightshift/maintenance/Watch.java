package dev.nightshift.maintenance;

import dev.nightshift.postgres.Session;
import java.sql.SQLException;
import java.util.function.BooleanSupplier;

/** Cancels the statement under way when it is time to stop, from a thread of its own: the session's waits for the server. */
final class Watch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Watch.class.getName());
    private static final int INTERVAL_MILLIS = 250;
    private static final int AFTER_CANCEL_MILLIS = 1_000;

    private final Session session;
    private final BooleanSupplier stop;
    private boolean working;
    private boolean closed;

    Watch(Session session, BooleanSupplier stop) {
        this.session = session;
        this.stop = stop;
        Thread thread = new Thread(this::watch, "nightshift-vacuum-watch");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Says whether a statement is under way that may be cancelled. Waits for a cancel that is being sent, so that it cannot
     * hit the statement after.
     */
    synchronized void working(boolean now) {
        working = now;
    }

    private synchronized void watch() {
        try {
            while (!closed) {
                boolean cancelled = working && stop.getAsBoolean() && cancel();
                wait(cancelled ? AFTER_CANCEL_MILLIS : INTERVAL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean cancel() {
        try {
            session.cancel();
        } catch (SQLException e) {
            LOG.log(System.Logger.Level.WARNING, "A cancel did not reach the server; it is sent again", e);
        }
        return true;
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
