package dev.nightshift.backup.evidence;

import dev.nightshift.backup.evidence.Evidence.Kind;
import dev.nightshift.backup.evidence.Evidence.Measured;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/** What evidence asks the catalog for, PostgreSQL 15 and newer: no function that waits for a lock on a table. */
final class EvidenceCatalog {
    /** Between the two phases of a commit are milliseconds, unless whoever decides is gone. */
    private static final Duration PREPARED = Duration.ofSeconds(5);

    /** Times the patience: what has lasted that long hardly ends within it. */
    private static final int LONG = 10;

    /** The server's own types whose values name nothing by a number that a restore gives anew, as enums and regclass do. */
    private static final String[] NUMBERLESS = {
        "bool",
        "bytea",
        "char",
        "name",
        "int2",
        "int4",
        "int8",
        "oid",
        "text",
        "varchar",
        "bpchar",
        "numeric",
        "float4",
        "float8",
        "date",
        "time",
        "timetz",
        "timestamp",
        "timestamptz",
        "interval",
        "uuid",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
        "jsonb",
        "pg_lsn"
    };

    private EvidenceCatalog() {}

    /**
     * Something that may hold rows.
     *
     * @param kind {@code r}, {@code m}, {@code f} or {@code p}, as in pg_class
     * @param persistence {@code p} or {@code u}
     * @param readable whether the role may select from it
     * @param bytes as of its last vacuum or analyze; 0 if there was none
     * @param schema and {@code plain}: the parts of its name, not quoted
     */
    record Relation(
            long oid,
            String name,
            char kind,
            char persistence,
            boolean populated,
            boolean readable,
            long bytes,
            String schema,
            String plain) {}

    /** The smallest first, so that a budget covers as many as it can. */
    static List<Relation> relations(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select c.oid, format('%I.%I', n.nspname, c.relname), c.relkind, c.relpersistence, c.relispopulated,
                               has_table_privilege(c.oid, 'select') and has_schema_privilege(n.oid, 'usage'),
                               greatest(c.relpages, 0)::bigint * current_setting('block_size')::bigint as bytes,
                               n.nspname, c.relname
                          from pg_class c
                          join pg_namespace n on n.oid = c.relnamespace
                         where c.relkind in ('r', 'm', 'f') and c.relpersistence <> 't'
                           and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp_)'
                         order by bytes, c.oid
                        """)) {
            List<Relation> relations = new ArrayList<>();
            while (rows.next()) {
                relations.add(new Relation(
                        rows.getLong(1),
                        rows.getString(2),
                        rows.getString(3).charAt(0),
                        rows.getString(4).charAt(0),
                        rows.getBoolean(5),
                        rows.getBoolean(6),
                        rows.getLong(7),
                        rows.getString(8),
                        rows.getString(9)));
            }
            return relations;
        }
    }

    /**
     * The stored columns of every relation by its number; what is computed on reading holds nothing.
     *
     * @param dumped whether the rows are compared with a restore of a dump, in which whatever has a number of its own has
     *     another one: only values of the server's own types that hold none are hashed as they are
     */
    static Map<Long, List<EvidenceQueries.Column>> columns(Connection connection, boolean dumped) throws SQLException {
        record Found(long relation, String name, String type, boolean collatable, boolean numberless) {}
        List<Found> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement("""
                        with recursive domain (type, base) as (
                            select t.oid, t.typbasetype from pg_type t where t.typtype = 'd'
                            union all
                            select d.type, t.typbasetype from domain d join pg_type t on t.oid = d.base and t.typtype = 'd')
                        select a.attrelid, a.attname, format_type(coalesce(d.base, a.atttypid), null), a.attcollation <> 0,
                               coalesce(e.oid, t.oid) < 16384 and coalesce(e.typname, t.typname) = any (?)
                          from pg_attribute a
                          join pg_class c on c.oid = a.attrelid
                          join pg_namespace n on n.oid = c.relnamespace
                          left join (select d.type, d.base from domain d join pg_type t on t.oid = d.base and t.typtype <> 'd') d
                            on d.type = a.atttypid
                          join pg_type t on t.oid = coalesce(d.base, a.atttypid)
                          left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
                         where c.relkind in ('r', 'm', 'p') and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
                           and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp_)'
                         order by a.attrelid, a.attnum
                        """)) {
            statement.setArray(1, connection.createArrayOf("text", NUMBERLESS));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(new Found(
                            rows.getLong(1),
                            rows.getString(2),
                            rows.getString(3),
                            rows.getBoolean(4),
                            rows.getBoolean(5)));
                }
            }
        }
        Set<String> types = new HashSet<>();
        found.stream().filter(column -> !dumped || column.numberless()).forEach(column -> types.add(column.type()));
        Map<String, Boolean> hashable = new HashMap<>();
        for (String type : types) {
            hashable.put(type, isHashable(connection, type));
        }
        Map<Long, List<EvidenceQueries.Column>> columns = new HashMap<>();
        found.forEach(column -> columns.computeIfAbsent(column.relation(), key -> new ArrayList<>())
                .add(new EvidenceQueries.Column(
                        column.name(), hashable.getOrDefault(column.type(), false), column.collatable())));
        return columns;
    }

    /**
     * Asked of the server, because arrays, ranges and rows have it from what they are made of. Never of a domain, whose
     * checks call functions of its owner.
     */
    private static boolean isHashable(Connection connection, String type) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try (Statement statement = connection.createStatement()) {
            statement.execute("select hash_record_extended(row(null::" + type + "), 0)");
            return true;
        } catch (SQLException e) {
            if (!connection.isValid(10)) {
                throw e;
            }
            return false;
        } finally {
            connection.rollback(before);
        }
    }

    /**
     * The tables in whose tree rows find their partition by a hash, with the root of the tree. After a restore a row may lie
     * in another partition than before, as hashes of enums tell numbers.
     */
    static Map<Long, Relation> hashed(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        with recursive roots (id) as (
                            select p.partrelid from pg_partitioned_table p
                              join pg_class c on c.oid = p.partrelid and not c.relispartition),
                        tree (root, id) as (
                            select id, id from roots
                            union all select t.root, i.inhrelid from tree t join pg_inherits i on i.inhparent = t.id)
                        select t.id, t.root, format('%I.%I', n.nspname, c.relname),
                               has_table_privilege(c.oid, 'select') and has_schema_privilege(n.oid, 'usage'),
                               n.nspname, c.relname
                          from tree t
                          join pg_class l on l.oid = t.id and l.relkind = 'r'
                          join pg_class c on c.oid = t.root
                          join pg_namespace n on n.oid = c.relnamespace
                         where exists (select from tree u join pg_partitioned_table p on p.partrelid = u.id and p.partstrat = 'h'
                                        where u.root = t.root)
                        """)) {
            Map<Long, Relation> roots = new HashMap<>();
            while (rows.next()) {
                roots.put(
                        rows.getLong(1),
                        new Relation(
                                rows.getLong(2),
                                rows.getString(3),
                                'p',
                                'p',
                                true,
                                rows.getBoolean(4),
                                0,
                                rows.getString(5),
                                rows.getString(6)));
            }
            return roots;
        }
    }

    /** Whether a relation is still in the file in which the snapshot sees it: a rewritten or emptied one hides its rows. */
    static boolean isWhereItWas(Connection connection, long relation) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                "select c.relfilenode = pg_relation_filenode(c.oid) from pg_class c where c.oid = ?")) {
            query.setLong(1, relation);
            try (ResultSet row = query.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    /**
     * A transaction for which a new slot would wait in vain, in whichever database, as the end of a sentence. One that has
     * been prepared for long is forgotten; one that has been open for long goes on: those of others are seen by whoever may
     * read all statistics.
     *
     * @param patience with transactions that are open
     */
    static Optional<String> obstacle(Connection connection, Duration patience) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("""
                select format('the transaction that was prepared as %s in database %s at %s is neither committed nor rolled back',
                              gid, database, date_trunc('second', prepared at time zone 'UTC') || ' UTC') as reason,
                       prepared as since
                  from pg_catalog.pg_prepared_xacts
                 where prepared < clock_timestamp() - make_interval(secs => ?)
                union all
                select format('a transaction of role %s in database %s has been open since %s (process %s)',
                              usename, datname, date_trunc('second', xact_start at time zone 'UTC') || ' UTC', pid),
                       xact_start
                  from pg_catalog.pg_stat_activity
                 where backend_xid is not null and pid <> pg_backend_pid()
                   and xact_start < clock_timestamp() - make_interval(secs => ?)
                 order by since limit 1
                """)) {
            query.setDouble(1, Math.min(PREPARED.toMillis(), patience.toMillis()) / 1000.0);
            query.setDouble(2, patience.multipliedBy(LONG).toMillis() / 1000.0);
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getString("reason")) : Optional.empty();
            }
        }
    }

    /** Every sequence that only counts on, with its value; one that was never used has none. */
    static List<Measured> sequences(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select format('%I.%I', n.nspname, c.relname),
                               format('select last_value as rows from pg_catalog.pg_sequences where schemaname = %L and sequencename = %L',
                                      n.nspname, c.relname),
                               s.last_value
                          from pg_sequences s
                          join pg_namespace n on n.nspname = s.schemaname
                          join pg_class c on c.relnamespace = n.oid and c.relname = s.sequencename
                         where c.relpersistence = 'p' and s.increment_by > 0 and not s.cycle and s.last_value is not null
                         order by 1
                        """)) {
            List<Measured> sequences = new ArrayList<>();
            while (rows.next()) {
                sequences.add(new Measured(
                        Kind.SEQUENCE, rows.getString(1), rows.getString(2), rows.getLong(3), "", null, false));
            }
            return sequences;
        }
    }

    /** Of every sequence, by its name as SQL writes it, whether a dump carries it. */
    static Map<String, Boolean> sequenceNames(Connection connection, BiPredicate<String, String> held)
            throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select format('%I.%I', schemaname, sequencename), schemaname, sequencename from pg_sequences
                        """)) {
            Map<String, Boolean> names = new HashMap<>();
            while (rows.next()) {
                names.put(rows.getString(1), held.test(rows.getString(2), rows.getString(3)));
            }
            return names;
        }
    }

    /** Tables that belong to an extension, with its name: what they hold comes with it, or is its own affair to dump. */
    static Map<Long, String> extensionTables(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select d.objid, e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
                         where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
                        """)) {
            Map<Long, String> tables = new HashMap<>();
            while (rows.next()) {
                tables.put(rows.getLong(1), rows.getString(2));
            }
            return tables;
        }
    }

    /** Whether there are large objects, and whether the role may read them. */
    record LargeObjects(boolean any, boolean readable) {}

    static LargeObjects largeObjects(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select exists (select from pg_largeobject_metadata),
                               has_table_privilege('pg_catalog.pg_largeobject', 'select')
                        """)) {
            row.next();
            return new LargeObjects(row.getBoolean(1), row.getBoolean(2));
        }
    }
}
