package dev.nightshift.testing.harness;

import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;

/**
 * A source with what makes backups and their comparison hard: two databases, one of them idle and with a name to quote; a
 * tablespace; row level security; json; a column named t; a large object; unlogged and partitioned tables; a prepared
 * transaction; a tablespace that comes later.
 */
public final class Fixture implements AutoCloseable {
    /** The database in which things happen. */
    public static final String SHOP = "shop";

    /** The one in which nothing does. */
    public static final String IDLE = "Idle \"DB\"";

    /** A role that may do what a backup needs, and no more. */
    public static final String KEEPER = "keeper";

    public static final String KEEPERS_PASSWORD = "keeper's";

    /** Of the transaction that is prepared and neither committed nor rolled back. */
    public static final String PREPARED = "open \"end\"";

    private static final int ROWS = 1000;
    private static final int MORE_ROWS = 50_000;

    private final Postgres server;
    private final Path later;

    private Fixture(Postgres server, Path later) {
        this.server = server;
        this.later = later;
    }

    /**
     * Starts and fills a server.
     *
     * @param folder gets the tablespaces
     */
    public static Fixture start(int major, Map<String, String> settings, Path folder) throws SQLException, IOException {
        Map<String, String> all = new TreeMap<>(Map.of("max_prepared_transactions", "4"));
        all.putAll(settings);
        Postgres server = Postgres.start(major, all);
        boolean filled = false;
        try {
            fill(server, Files.createDirectories(folder.resolve("space")));
            filled = true;
        } finally {
            if (!filled) {
                server.close();
            }
        }
        return new Fixture(server, Files.createDirectories(folder.resolve("later")));
    }

    public Postgres server() {
        return server;
    }

    /** Everything but the prepared transaction and the tablespace that comes later. */
    private static void fill(Postgres source, Path space) throws SQLException {
        source.execute(
                "postgres",
                "create database shop",
                "create database \"Idle \"\"DB\"\"\"",
                "create tablespace space location '" + space + "'",
                "create role keeper login replication bypassrls password 'keeper''s'",
                "grant pg_read_all_data to keeper");
        source.execute(IDLE, "create table quiet as select n, 'x' || n as word from generate_series(1, 1000) n");
        source.execute(
                SHOP,
                "grant execute on function pg_catalog.pg_create_restore_point(text) to keeper",
                "grant execute on function pg_catalog.pg_switch_wal() to keeper",
                """
                create table "od""d" (r int, "row" text, t json, place point, tags text[], amount numeric(12,2),
                    share double precision, at timestamptz, range int4range, bits bytea, mood text collate "C")
                """,
                """
                insert into "od""d" select n, 'row ' || n, json_build_object('n', n), point(n, n / 3.0), array['a', 'b' || n],
                    n / 7.0, n / 3.0, now(), int4range(n, n + 5), decode(md5(n::text), 'hex'), null
                  from generate_series(1, 500) n
                """,
                "create table spaced tablespace space as select n from generate_series(1, 1000) n",
                "create table secret (id int, owner name, word text)",
                "insert into secret select n, 'somebody', 'needle-' || lpad(n::text, 6, '0') from generate_series(1, 100) n",
                "alter table secret enable row level security",
                "create table parted (id int, day date) partition by range (day)",
                "create table parted_1 partition of parted for values from ('2026-01-01') to ('2026-02-01')",
                "create table parted_2 partition of parted for values from ('2026-02-01') to ('2026-03-01')",
                "insert into parted select n, date '2026-01-01' + n % 59 from generate_series(1, 300) n",
                "create unlogged table fleeting as select n from generate_series(1, 100) n",
                "create table account (id int primary key, balance bigint not null)",
                "insert into account select n, 100 from generate_series(1, 100) n",
                "create table ledger (id bigint generated always as identity primary key, account int, amount bigint)",
                "create table big as select n, repeat(md5(n::text), 8) as filler from generate_series(1, 30000) n",
                "create materialized view totals as select count(*) from big",
                "select lo_from_bytea(0, 'a large object')",
                "analyze big");
    }

    /** Leaves a transaction prepared. Slots for logical decoding wait for it. */
    public void prepareTransaction() throws SQLException {
        server.execute(
                SHOP,
                "begin",
                "insert into ledger (account, amount) values (1, 4711)",
                "prepare transaction '" + PREPARED + "'");
    }

    /** Creates a tablespace with a table in it. */
    public void laterTablespace() throws SQLException {
        server.execute("postgres", "create tablespace later location '" + later + "'");
        server.execute(
                SHOP,
                "create table later tablespace later as select n, md5(n::text) as word from generate_series(1, " + ROWS
                        + ") n");
    }

    /** Lets the later tablespace grow beyond what a replay of its creation would make of it. */
    public void laterTablespaceGrows() throws SQLException {
        server.execute(
                SHOP,
                "insert into later select n, md5(n::text) from generate_series(1, " + MORE_ROWS + ") n",
                "vacuum later",
                "checkpoint");
    }

    /** Its folder. */
    public Path laterFolder() {
        return later;
    }

    /** What the tables of the shop hold that do not change, by the server's own means. */
    public static String fingerprint(Connection shop) throws SQLException {
        StringBuilder all = new StringBuilder();
        for (String table : new String[] {"\"od\"\"d\"", "spaced", "secret", "parted", "account", "big", "totals"}) {
            all.append(table)
                    .append(' ')
                    .append(text(
                            shop,
                            "select count(*) || ' ' || sum(hashtextextended((every_row.*)::text, 0)) from " + table
                                    + " as every_row"))
                    .append('\n');
        }
        return all.append("large objects ")
                .append(text(
                        shop, "select string_agg(lo_get(oid)::text, ' ' order by oid) from pg_largeobject_metadata"))
                .toString();
    }

    /** The only value of a query. */
    public static String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    /** The only value of a query, as the superuser. */
    public String text(String database, String sql) throws SQLException {
        try (Connection connection = server.connect(database)) {
            return text(connection, sql);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
