package dev.nightshift.maintenance;

import org.jspecify.annotations.Nullable;

/** Whoever runs {@link VacuumDatabase}: hears how far it is, and can stop it. */
public interface VacuumListener {
    /**
     * Whether to stop, now: the table under way is cancelled. Asked about four times a second from a thread of its own,
     * so it must be quick and need no context; a volatile field will do.
     */
    boolean stopRequested();

    /** There is a session on the server now: {@code abort} cuts it off from any thread, even if the server hangs. */
    void connected(AutoCloseable abort);

    /** What it waits for before it begins: others are at work on this database. Null when it waits no more. */
    void waitsFor(@Nullable String what);

    /**
     * How far the run is.
     *
     * @param done tables that are through, with whatever outcome
     * @param total tables that are due
     * @param table the one under way; null between tables and at the end
     */
    void progress(int done, int total, @Nullable String table);

    /** A line for the run's log. */
    void log(System.Logger.Level level, String line);

    /** A table is through: what became of it, worth storing at once. */
    void finished(TableResult result);
}
