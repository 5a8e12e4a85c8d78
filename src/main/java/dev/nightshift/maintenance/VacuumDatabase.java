package dev.nightshift.maintenance;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Deadlines;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Session;
import dev.nightshift.postgres.TargetPools;
import java.sql.SQLException;

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

    private final TargetPools pools;
    private final Clock clock;

    public VacuumDatabase(TargetPools pools, Clock clock) {
        this.pools = pools;
        this.clock = clock;
    }

    /**
     * Works through the database until all is done, the window ends, or the listener says stop. What was done is done: a
     * run that is repeated finds those tables no longer due.
     *
     * @throws Failure.Retryable if the server cannot be reached or is lost, or another run vacuums this database
     * @throws Failure.Skippable if it is a standby, or refuses the login
     */
    public VacuumResult run(Endpoint endpoint, VacuumPolicy policy, VacuumOptions options, VacuumListener listener) {
        Deadlines deadlines = Deadlines.maintenance(options.longestTable());
        try (Session session = pools.open(endpoint, deadlines, WORK)) {
            VacuumCatalog catalog = new VacuumCatalog(session);
            if (catalog.inRecovery()) {
                throw new Failure.Skippable(
                        endpoint + " is a standby, which cannot be vacuumed.",
                        "Vacuum the primary; its standbys follow.",
                        null);
            }
            if (!session.lock(WORK)) {
                throw new Failure.Retryable(
                        "Another Nightshift run vacuums " + endpoint + " now.", "Wait until it is through.", null);
            }
            catalog.settings(options.costDelay());
            try (VacuumRound round = new VacuumRound(session, catalog, clock, options, listener)) {
                return round.run(policy);
            }
        } catch (SQLException e) {
            throw pools.failure(endpoint, "Vacuum of " + endpoint, e);
        }
    }
}
