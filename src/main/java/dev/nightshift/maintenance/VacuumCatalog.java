package dev.nightshift.maintenance;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.maintenance.VacuumPolicy.FreezeLimits;
import dev.nightshift.postgres.Session;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the server knows of its tables and of who works on them. Nothing here waits for a lock on a table, except the size
 * function, which gives up.
 */
final class VacuumCatalog {
    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private final Session session;

    VacuumCatalog(Session session) {
        this.session = session;
    }

    boolean inRecovery() throws SQLException {
        try (Statement statement = session.connection().createStatement();
                ResultSet row = statement.executeQuery("select pg_is_in_recovery()")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    FreezeLimits limits() throws SQLException {
        try (Statement statement = session.connection().createStatement();
                ResultSet row = statement.executeQuery("""
                        select current_setting('autovacuum_freeze_max_age')::bigint as transactions,
                               current_setting('autovacuum_multixact_freeze_max_age')::bigint as multixacts
                        """)) {
            row.next();
            return new FreezeLimits(row.getLong("transactions"), row.getLong("multixacts"));
        }
    }

    /**
     * All tables and materialized views of the user's; from 14 on partitioned parents too, whose analyzes older servers do
     * not count. The parents' sums walk pg_inherits, because pg_partition_tree() waits for locks.
     */
    List<TableStatistics> tables() throws SQLException {
        String parents = session.serverMajor() >= 14 ? ", 'p'" : "";
        try (Statement statement = session.connection().createStatement();
                ResultSet row = statement.executeQuery("""
                        with recursive own as (
                            select c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.reltoastrelid,
                                   pg_stat_get_live_tuples(c.oid) as live,
                                   pg_stat_get_dead_tuples(c.oid) as dead,
                                   pg_stat_get_live_tuples(c.reltoastrelid) as toast_live,
                                   pg_stat_get_dead_tuples(c.reltoastrelid) as toast_dead,
                                   pg_stat_get_mod_since_analyze(c.oid) as changed,
                                   pg_stat_get_ins_since_vacuum(c.oid) as inserted,
                                   pg_stat_get_vacuum_count(c.oid) as vacuums,
                                   pg_stat_get_analyze_count(c.oid) as analyzes,
                                   pg_stat_get_analyze_count(c.oid) + pg_stat_get_autoanalyze_count(c.oid) > 0 as analyzed,
                                   case when c.relfrozenxid <> '0' then age(c.relfrozenxid) else 0 end as xid_age,
                                   case when c.relminmxid <> '0' then mxid_age(c.relminmxid) else 0 end as mxid_age,
                                   coalesce(age(t.relfrozenxid), 0) as toast_xid_age,
                                   coalesce(mxid_age(t.relminmxid), 0) as toast_mxid_age
                            from pg_class c
                            join pg_namespace n on n.oid = c.relnamespace
                            left join pg_class t on t.oid = c.reltoastrelid
                            where c.relkind in ('r', 'm' %s) and c.relpersistence <> 't'
                              and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
                        ), below as (
                            select oid as root, oid from own where relkind = 'p'
                            union all
                            select below.root, i.inhrelid from below join pg_inherits i on i.inhparent = below.oid
                        ), sums as (
                            select below.root as oid, sum(leaf.live)::bigint as live, sum(leaf.changed)::bigint as changed
                            from below join own leaf on leaf.oid = below.oid and leaf.relkind = 'r'
                            group by below.root
                        )
                        select own.oid, nspname, relname, relkind = 'p' as partitioned,
                               coalesce(sums.live, own.live) as live,
                               own.dead, toast_live, toast_dead,
                               coalesce(sums.changed, own.changed) as changed,
                               inserted, vacuums, analyzes, analyzed,
                               greatest(xid_age, toast_xid_age) as xid_age,
                               greatest(mxid_age, toast_mxid_age) as mxid_age
                        from own left join sums on sums.oid = own.oid
                        """.formatted(parents))) {
            List<TableStatistics> tables = new ArrayList<>();
            while (row.next()) {
                tables.add(table(row));
            }
            return tables;
        }
    }

    private static TableStatistics table(ResultSet row) throws SQLException {
        return new TableStatistics(
                row.getLong("oid"),
                row.getString("nspname"),
                row.getString("relname"),
                row.getBoolean("partitioned"),
                row.getLong("live"),
                row.getLong("dead"),
                row.getLong("toast_live"),
                row.getLong("toast_dead"),
                row.getLong("changed"),
                row.getLong("inserted"),
                row.getLong("vacuums"),
                row.getLong("analyzes"),
                row.getBoolean("analyzed"),
                row.getLong("xid_age"),
                row.getLong("mxid_age"));
    }

    /**
     * Somebody who is at a table.
     *
     * @param words who, and at what
     * @param vacuums whether the table gets from them what it needs
     */
    record Worker(String words, boolean vacuums) {}

    /**
     * Who holds a lock on the table that VACUUM would have to wait for: autovacuum, another VACUUM or ANALYZE, an index
     * build, ALTER TABLE, LOCK. Empty if nobody does.
     */
    Optional<Worker> worker(long oid) throws SQLException {
        try (PreparedStatement statement = session.connection().prepareStatement("""
                select l.pid, l.mode, a.backend_type, a.application_name, v.phase
                from pg_locks l
                left join pg_stat_activity a on a.pid = l.pid
                left join pg_stat_progress_vacuum v on v.pid = l.pid
                where l.locktype = 'relation' and l.granted and l.pid <> pg_backend_pid() and l.relation = ?::oid
                  and l.database = (select oid from pg_database where datname = current_database())
                  and l.mode in ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                                 'AccessExclusiveLock')
                order by l.pid limit 1
                """)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.of(worker(row)) : Optional.empty();
            }
        }
    }

    private static Worker worker(ResultSet row) throws SQLException {
        int pid = row.getInt("pid");
        if ("autovacuum worker".equals(row.getString("backend_type"))) {
            return new Worker("autovacuum works on it now (process " + pid + ")", true);
        }
        String phase = row.getString("phase");
        if (phase != null) {
            return new Worker("another VACUUM works on it now (process " + pid + ", " + phase + ")", true);
        }
        String application = row.getString("application_name");
        return new Worker(
                "process " + pid + (application == null || application.isEmpty() ? "" : " (" + application + ")")
                        + " holds a lock on it (" + row.getString("mode") + ")",
                false);
    }

    /** A table's figures now; empty if it is gone. */
    Optional<TableFigures> figures(long oid) throws SQLException {
        try (PreparedStatement statement = session.connection().prepareStatement("""
                select pg_stat_get_live_tuples(oid) as live,
                       pg_stat_get_dead_tuples(oid) + coalesce(pg_stat_get_dead_tuples(nullif(reltoastrelid, 0)), 0) as dead,
                       pg_stat_get_mod_since_analyze(oid) as changed,
                       pg_stat_get_vacuum_count(oid) as vacuums, pg_stat_get_analyze_count(oid) as analyzes,
                       case when relfrozenxid <> '0' then age(relfrozenxid) else 0 end as xid_age
                from pg_class where oid = ?::oid
                """)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                return Optional.of(new TableFigures(
                        row.getLong("live"),
                        row.getLong("dead"),
                        row.getLong("changed"),
                        row.getLong("vacuums"),
                        row.getLong("analyzes"),
                        row.getLong("xid_age"),
                        size(oid)));
            }
        }
    }

    /** Waits behind ACCESS EXCLUSIVE, unlike everything else here, until lock_timeout. */
    private @Nullable Bytes size(long oid) throws SQLException {
        try (PreparedStatement statement =
                session.connection().prepareStatement("select pg_table_size(?::oid::regclass)")) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                long bytes = row.getLong(1);
                return row.wasNull() ? null : new Bytes(bytes);
            }
        } catch (SQLException e) {
            if (LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                return null;
            }
            throw e;
        }
    }

    /**
     * The statement that lets this role vacuum the table; empty if it may already. As VACUUM itself decides it: the owner
     * of the table or of the database, from 17 on who has MAINTAIN.
     */
    Optional<String> missingGrant(TableStatistics table) throws SQLException {
        boolean maintain = session.serverMajor() >= 17;
        String privilege = maintain ? "has_table_privilege(c.oid, 'MAINTAIN')" : "false";
        try (PreparedStatement statement = session.connection().prepareStatement("""
                select pg_has_role(c.relowner, 'usage') or pg_has_role(d.datdba, 'usage') or %s as may,
                       o.rolname as owner, o.rolsuper as superuser, d.datname as database, current_user as role
                from pg_class c join pg_roles o on o.oid = c.relowner
                join pg_database d on d.datname = current_database()
                where c.oid = ?::oid
                """.formatted(privilege))) {
            statement.setLong(1, table.oid());
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next() || row.getBoolean("may")) {
                    return Optional.empty();
                }
                String role = new Identifier(row.getString("role")).quoted();
                if (maintain) {
                    return Optional.of("GRANT MAINTAIN ON TABLE " + table.qualified() + " TO " + role
                            + "; or for all tables: GRANT pg_maintain TO " + role + ";");
                }
                // Membership in a superuser would give far more than the right to vacuum
                return Optional.of(
                        row.getBoolean("superuser")
                                ? "ALTER DATABASE " + new Identifier(row.getString("database")).quoted() + " OWNER TO "
                                        + role + ";"
                                : "GRANT " + new Identifier(row.getString("owner")).quoted() + " TO " + role + ";");
            }
        }
    }

    /** VACUUM's settings for this session; the server's own where the delay is zero. */
    void settings(Duration costDelay) throws SQLException {
        if (!costDelay.isZero()) {
            set("vacuum_cost_delay", costDelay.toMillis() + "ms");
        }
    }

    /** Whether the next VACUUM reads every page, so that the table's age goes down, or goes by the server's settings. */
    void readAllPages(boolean all) throws SQLException {
        for (String setting : List.of("vacuum_freeze_table_age", "vacuum_multixact_freeze_table_age")) {
            if (all) {
                set(setting, "0");
            } else {
                try (Statement statement = session.connection().createStatement()) {
                    statement.execute("reset " + new Identifier(setting).quoted());
                }
            }
        }
    }

    private void set(String setting, String value) throws SQLException {
        try (PreparedStatement statement = session.connection().prepareStatement("select set_config(?, ?, false)")) {
            statement.setString(1, setting);
            statement.setString(2, value);
            statement.execute();
        }
    }
}
