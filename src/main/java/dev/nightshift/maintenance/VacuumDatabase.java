package dev.nightshift.maintenance;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Deadlines;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Session;
import dev.nightshift.postgres.TargetPools;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Vacuums and analyzes the tables of one database that are due, one after the other, in nobody's way.
 *
 * <p>{@code VACUUM (SKIP_LOCKED, TRUNCATE false)}: a VACUUM that waits for its lock has autovacuum cancelled after
 * deadlock_timeout and holds up whatever DDL comes behind it, and one that truncates takes ACCESS EXCLUSIVE, which on a
 * standby cancels queries. SKIP_LOCKED never waits for the table; the waits it leaves (indexes, partitions to sample) end
 * with lock_timeout. A table found locked is tried once more, after the others.
 */
public final class VacuumDatabase {
    /** The kind of work, for the advisory lock on the target. */
    static final String WORK = "vacuum";

    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    private final TargetPools pools;
    private final Clock clock;

    public VacuumDatabase(TargetPools pools, Clock clock) {
        this.pools = pools;
        this.clock = clock;
    }

    /**
     * Works through the database until all is done, the window ends, or the listener says stop. What was done is done: a
     * run that is repeated finds those tables no longer due. Waits while another run vacuums this database: a node that
     * died may have left a VACUUM that its server, before version 14, does not end until the statement does.
     *
     * @throws Failure.Retryable if the server cannot be reached or is lost
     * @throws Failure.Skippable if it is a standby, refuses the login, or is vacuumed by another run until the window ends
     */
    public VacuumResult run(Endpoint endpoint, VacuumPolicy policy, VacuumOptions options, VacuumListener listener) {
        Deadlines deadlines = Deadlines.maintenance(options.longestTable());
        try (Session session = pools.open(endpoint, deadlines, WORK)) {
            listener.connected(session::abort);
            VacuumCatalog catalog = new VacuumCatalog(session);
            if (catalog.inRecovery()) {
                throw new Failure.Skippable(
                        endpoint + " is a standby, which cannot be vacuumed.",
                        "Vacuum the primary; its standbys follow.",
                        null);
            }
            Instant began = clock.now();
            if (!await(session, endpoint, options, listener)) {
                return new VacuumResult(began, clock.now(), 0, List.of(), "the run was stopped");
            }
            catalog.settings(options.costDelay());
            try (VacuumRound round = new VacuumRound(session, catalog, clock, options, listener)) {
                return round.run(policy);
            }
        } catch (SQLException e) {
            throw pools.failure(endpoint, "Vacuum of " + endpoint, e);
        }
    }

    /** False if the listener said stop before the lock was free. */
    private boolean await(Session session, Endpoint endpoint, VacuumOptions options, VacuumListener listener)
            throws SQLException {
        boolean waits = false;
        while (!session.tryLock(WORK)) {
            if (listener.stopRequested()) {
                return false;
            }
            Instant end = options.windowEnd();
            if (end != null && !clock.now().isBefore(end)) {
                throw new Failure.Skippable(
                        "Another run vacuumed " + endpoint + " until the maintenance window ended.",
                        "Look for a session nightshift/vacuum on the server that should not be there.",
                        null);
            }
            if (!waits) {
                listener.waitsFor("Waits for another Nightshift, or a node that was declared lost, which still vacuums"
                        + " this database: its session there holds the lock.");
                waits = true;
            }
            pause(endpoint);
        }
        if (waits) {
            listener.waitsFor(null);
        }
        return true;
    }

    private static void pause(Endpoint endpoint) {
        try {
            Thread.sleep(LOOK_AGAIN.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure.Retryable("Waiting for " + endpoint + " was interrupted.", null, e);
        }
    }
}
