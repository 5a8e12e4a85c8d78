package dev.nightshift.maintenance;

import dev.nightshift.kernel.Identifier;

/**
 * What the server has counted for one table, as in pg_stat_all_tables and pg_class.
 *
 * @param partitioned whether it is the parent of partitions: its figures are their sums, and only analyze applies to it
 * @param liveRows estimate of the server
 * @param toastLiveRows pieces of long values, in the table of their own (TOAST)
 * @param toastDeadRows the dead ones of those
 * @param changedRows inserted, updated and deleted since the last analyze
 * @param insertedRows since the last vacuum
 * @param vacuumCount vacuums so far, those of autovacuum not counted
 * @param analyzeCount analyzes so far, those of autovacuum not counted
 * @param analyzed whether it ever was, by whomever
 * @param xidAge transactions since its oldest unfrozen one
 * @param multixactAge the same for multixacts
 */
public record TableStatistics(
        long oid,
        String schema,
        String name,
        boolean partitioned,
        long liveRows,
        long deadRows,
        long toastLiveRows,
        long toastDeadRows,
        long changedRows,
        long insertedRows,
        long vacuumCount,
        long analyzeCount,
        boolean analyzed,
        long xidAge,
        long multixactAge) {

    /** {@code "schema"."name"}, for statements and for people. */
    public String qualified() {
        return Identifier.qualified(schema, name);
    }
}
