package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.kernel.Identifier;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a proof asks the server in its sandbox, PostgreSQL 15 and newer. */
final class ProofCatalog {
    /** For amcheck, where the database has not got it; a name that nobody else uses. */
    private static final String SCHEMA = "nightshift_proof";

    private ProofCatalog() {}

    /**
     * How recovery stands.
     *
     * @param replayed null before the first record
     */
    record Recovery(
            boolean running, boolean paused, @Nullable String replayed, int timeline) {}

    /** A database, and whether one can log in to it. */
    record Database(String name, boolean connectable) {}

    /**
     * Something with pages of its own.
     *
     * @param kind {@code r}, {@code m}, {@code t} for tables, {@code i} for indexes, as in pg_class
     * @param method of access: heap, btree, gin, …
     * @param valid false for an index that is not, or is being built
     * @param collations numbers of those that the index's order depends on
     */
    record Relation(
            long oid, String name, char kind, boolean unlogged, String method, boolean valid, List<Long> collations) {
        boolean isIndex() {
            return kind == 'i';
        }
    }

    static Recovery recovery(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select pg_is_in_recovery(),
                               case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() = 'paused' else false end,
                               pg_last_wal_replay_lsn()::text,
                               greatest((select min_recovery_end_timeline from pg_control_recovery()),
                                        (select timeline_id from pg_control_checkpoint()))
                        """)) {
            row.next();
            return new Recovery(row.getBoolean(1), row.getBoolean(2), row.getString(3), row.getInt(4));
        }
    }

    /** When the last transaction ended that was replayed; null if there was none. */
    static @Nullable Instant lastTransaction(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select pg_last_xact_replay_timestamp()
                        """)) {
            row.next();
            OffsetDateTime at = row.getObject(1, OffsetDateTime.class);
            return at == null ? null : at.toInstant();
        }
    }

    /** The history that a promoted server wrote of its timeline. */
    static TimelineHistory history(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select ('x' || timeline)::bit(32)::int, pg_read_file('pg_wal/' || timeline || '.history')
                          from substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) timeline
                        """)) {
            row.next();
            return TimelineHistory.parse(row.getInt(1), row.getString(2));
        }
    }

    /** Ends the pause at the position, and with it recovery. */
    static void resume(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("""
                    select pg_wal_replay_resume()
                    """);
        }
    }

    static List<Database> databases(Connection connection) throws SQLException {
        List<Database> databases = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select datname, datallowconn and datconnlimit <> -2
                          from pg_database
                         where datname <> 'template0'
                         order by datname
                        """)) {
            while (rows.next()) {
                databases.add(new Database(rows.getString(1), rows.getBoolean(2)));
            }
        }
        return databases;
    }

    /**
     * Switches off what the source has called at commands, such as the one that creates amcheck: before PostgreSQL 17 no
     * setting does, and session_replication_role does not for those that are enabled always.
     */
    private static void silenceEventTriggers(Connection connection) throws SQLException {
        List<Identifier> triggers = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            try (ResultSet rows = statement.executeQuery("""
                    select evtname from pg_event_trigger where evtenabled <> 'D' order by evtname
                    """)) {
                while (rows.next()) {
                    triggers.add(new Identifier(rows.getString(1)));
                }
            }
            for (Identifier trigger : triggers) {
                statement.execute("""
                        alter event trigger %s disable
                        """.formatted(trigger.quoted()));
            }
        }
    }

    /** Makes sure of amcheck; its schema's name is returned. */
    static Identifier amcheck(Connection connection) throws SQLException {
        silenceEventTriggers(connection);
        Optional<String> schema = amcheckSchema(connection);
        try (Statement statement = connection.createStatement()) {
            if (schema.isPresent()) {
                statement.execute("""
                        alter extension amcheck update
                        """);
                return new Identifier(schema.get());
            }
            Identifier own = new Identifier(SCHEMA);
            statement.execute("""
                    create schema %s
                    """.formatted(own.quoted()));
            statement.execute("""
                    create extension amcheck schema %s
                    """.formatted(own.quoted()));
            return own;
        }
    }

    private static Optional<String> amcheckSchema(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select n.nspname
                          from pg_extension e
                          join pg_namespace n on n.oid = e.extnamespace
                         where e.extname = 'amcheck'
                        """)) {
            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
        }
    }

    static List<Relation> relations(Connection connection) throws SQLException {
        List<Relation> relations = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select c.oid, format('%I.%I', n.nspname, c.relname), c.relkind, c.relpersistence = 'u',
                               coalesce(am.amname, 'heap'), coalesce(i.indisvalid and i.indisready, true),
                               array(select distinct k from unnest(i.indcollation::oid[]) k where k <> 0)::bigint[]
                          from pg_class c
                          join pg_namespace n on n.oid = c.relnamespace
                          left join pg_am am on am.oid = c.relam
                          left join pg_index i on i.indexrelid = c.oid
                         where c.relkind in ('r', 'm', 't', 'i')
                           and c.relpersistence <> 't'
                         order by c.oid
                        """)) {
            while (rows.next()) {
                relations.add(new Relation(
                        rows.getLong(1),
                        rows.getString(2),
                        rows.getString(3).charAt(0),
                        rows.getBoolean(4),
                        rows.getString(5),
                        rows.getBoolean(6),
                        List.of((Long[]) rows.getArray(7).getArray())));
            }
        }
        return relations;
    }

    /** Collations that sort differently here than on the source, or may, with the reason. */
    static Map<Long, String> foreignCollations(Connection connection) throws SQLException {
        Map<Long, String> foreign = new HashMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select distinct k::bigint
                          from pg_index i, unnest(i.indcollation::oid[]) k
                         where k <> 0
                        """)) {
            while (rows.next()) {
                long collation = rows.getLong(1);
                String reason = foreign(connection, collation);
                if (reason != null) {
                    foreign.put(collation, reason);
                }
            }
        }
        return foreign;
    }

    private static @Nullable String foreign(Connection connection, long collation) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                select c.collname, v.stored, v.actual
                  from pg_collation c,
                       lateral (select case when c.collprovider = 'd' then d.datcollversion else c.collversion end,
                                       case when c.collprovider = 'd' then pg_database_collation_actual_version(d.oid)
                                            else pg_collation_actual_version(c.oid) end
                                  from pg_database d
                                 where d.datname = current_database()) v (stored, actual)
                 where c.oid = ?::bigint::oid
                   and v.stored is not null
                   and v.stored is distinct from v.actual
                """)) {
            statement.setLong(1, collation);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? "collation version differs (" + row.getString(1) + ": " + row.getString(2)
                                + " on the source, " + row.getString(3) + " here)"
                        : null;
            }
        } catch (SQLException e) {
            return "collation is not known here (" + e.getMessage() + ")";
        }
    }

    /** Where the relation's pages are, relative to the data folder. */
    static String file(Connection connection, long oid) {
        try (PreparedStatement statement = connection.prepareStatement("""
                select pg_relation_filepath(?::bigint::oid::regclass)
                """)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? String.valueOf(row.getString(1)) : "unknown";
            }
        } catch (SQLException e) {
            return "unknown";
        }
    }

    /** Throws what amcheck finds. */
    static void checkTree(Connection connection, Identifier schema, long oid, ProofOptions options)
            throws SQLException {
        String sql = options.parents() ? """
                select %s.bt_index_parent_check(?::bigint::oid::regclass, ?, true)
                """ : """
                select %s.bt_index_check(?::bigint::oid::regclass, ?)
                """;
        try (PreparedStatement statement = connection.prepareStatement(sql.formatted(schema.quoted()))) {
            statement.setLong(1, oid);
            statement.setBoolean(2, options.everyRow());
            statement.execute();
        }
    }

    /** Throws what amcheck finds; PostgreSQL 18 and newer. */
    static void checkGin(Connection connection, Identifier schema, long oid) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                select %s.gin_index_check(?::bigint::oid::regclass)
                """.formatted(schema.quoted()))) {
            statement.setLong(1, oid);
            statement.execute();
        }
    }

    /** The first thing that is wrong with a table; empty if nothing is. */
    static Optional<String> checkHeap(Connection connection, Identifier schema, long oid) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                select blkno, offnum, msg
                  from %s.verify_heapam(relation => ?::bigint::oid::regclass, on_error_stop => true, check_toast => true)
                 limit 1
                """.formatted(schema.quoted()))) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of("block " + row.getLong(1) + ", item " + row.getInt(2) + ": " + row.getString(3))
                        : Optional.empty();
            }
        }
    }
}
