package dev.nightshift.backup.read;

import dev.nightshift.testing.Postgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A source whose every transaction is known: number, time of its commit, and the position after it. */
public final class PointSource implements AutoCloseable {
    /** What the server has to have. */
    private static final Map<String, String> SETTINGS = Map.of(
            "track_commit_timestamp", "on",
            "max_prepared_transactions", "4",
            "wal_keep_size", "1GB",
            "autovacuum", "off");

    private final Postgres server;
    private int next = 1;

    private PointSource(Postgres server) throws SQLException {
        this.server = server;
        server.execute("postgres", "create table step (n int, note text)");
    }

    public static PointSource start(int major) throws SQLException {
        return new PointSource(Postgres.start(major, SETTINGS));
    }

    /**
     * A committed transaction.
     *
     * @param n the last row of {@code step} that is there with it
     */
    public record Step(int n, long xid, Instant at, String after) {}

    public Postgres server() {
        return server;
    }

    /** Stops it and starts it with this setting too. */
    public void startAgainWith(String name, String value) {
        Map<String, String> settings = new HashMap<>(SETTINGS);
        settings.put(name, value);
        server.startAgain(settings);
    }

    /** A row, in a transaction of its own, with so many megabytes of log. */
    public Step step(int megabytes) throws SQLException {
        String xid;
        int n = next++;
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("insert into step values (" + n + ", '')");
            xid = text(statement, "select pg_current_xact_id()");
            if (megabytes > 0) {
                text(
                        statement,
                        "select count(*) from (select pg_logical_emit_message(true, 'fill', repeat('x', 1 << 20))"
                                + " from generate_series(1, " + megabytes + ")) m");
            }
            connection.commit();
            return done(statement, n, xid);
        }
    }

    /** The same in two phases, with a table dropped and savepoints: what makes the commit's record long. */
    public Step preparedStep() throws SQLException {
        int n = next++;
        server.execute("postgres", "create table dropped_" + n + " (a int primary key, b text)");
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("begin");
            statement.execute("insert into step values (" + n + ", 'prepared')");
            statement.execute("savepoint s");
            statement.execute("drop table dropped_" + n);
            statement.execute("release s");
            String xid = text(statement, "select pg_current_xact_id()");
            statement.execute("prepare transaction 'p" + n + "'");
            statement.execute("commit prepared 'p" + n + "'");
            return done(statement, n, xid);
        }
    }

    private static Step done(Statement statement, int n, String xid) throws SQLException {
        String at = text(
                statement,
                "select to_char(pg_xact_commit_timestamp('" + Long.parseLong(xid) % (1L << 32)
                        + "'::xid) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        return new Step(
                n, Long.parseLong(xid), Instant.parse(at), text(statement, "select pg_current_wal_insert_lsn()"));
    }

    public String restorePoint(String name) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            return text(statement, "select pg_create_restore_point('" + name.replace("'", "''") + "')");
        }
    }

    static String text(Statement statement, String query) throws SQLException {
        try (var row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    /** The rows that a server has. */
    public static List<Integer> steps(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                var rows = statement.executeQuery("select n from step order by n")) {
            List<Integer> all = new ArrayList<>();
            while (rows.next()) {
                all.add(rows.getInt(1));
            }
            return all;
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
