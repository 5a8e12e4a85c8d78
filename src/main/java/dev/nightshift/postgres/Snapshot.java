package dev.nightshift.postgres;

import dev.nightshift.kernel.Identifier;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * A database as it was at one moment, open for reading. It holds back VACUUM on the server as long as it is open: close it
 * soon.
 */
public final class Snapshot implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(30);

    /** A session that was told to end does so within moments. */
    private static final Duration LEAVE = Duration.ofSeconds(10);

    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Pattern NAME = Pattern.compile("[0-9A-F-]{1,64}");

    private final Connection reader;
    private final @Nullable Lsn position;

    private Snapshot(Connection reader, @Nullable Lsn position) {
        this.reader = reader;
        this.position = position;
    }

    /**
     * The database with just the transactions that committed before a position in the log (manual, section 53.4: a logical
     * slot exports it). Needs wal_level logical, the replication privilege and a free slot, and waits for every transaction
     * that has written something and is open now. The slot is gone when this returns.
     *
     * @param name of the slot and its sessions, which nobody else uses: see {@link #isGone}
     * @param patience with the open transactions, whole seconds
     * @param answer the longest that one statement in the snapshot may take
     * @throws SQLException if the server refuses, or the patience is over (57014)
     */
    public static Snapshot atPosition(Endpoint endpoint, String name, Duration patience, Duration answer)
            throws SQLException {
        Properties properties = named(endpoint, name);
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "15");
        try (Connection exporter = Connector.connect(endpoint, patience.plus(CONNECT), properties);
                Statement statement = exporter.createStatement()) {
            // Cancelled on the server: a closed socket would leave it waiting, with the slot.
            statement.setQueryTimeout(Math.toIntExact(patience.toSeconds()));
            try (ResultSet row = statement.executeQuery("CREATE_REPLICATION_SLOT " + new Identifier(name).quoted()
                    + " TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')")) {
                row.next();
                Lsn position = Lsn.parse(row.getString("consistent_point"));
                try {
                    return reading(endpoint, name, row.getString("snapshot_name"), position, answer);
                } catch (SQLException e) {
                    // Without its exporter a snapshot is as unknown as one that never was
                    throw exporter.isValid(CONNECT.toSecondsPart())
                            ? e
                            : new SQLException("The session that exported the snapshot broke.", "08006", e);
                }
            }
        }
    }

    /**
     * The database as it is now, at no known position.
     *
     * @param name of its session, which nobody else uses
     */
    public static Snapshot now(Endpoint endpoint, String name, Duration answer) throws SQLException {
        return reading(endpoint, name, null, null, answer);
    }

    /**
     * Ends what a broken connection may have left on the server, which notices that only when it has something to say: a
     * session that still reads, or one that waits for others with its slot.
     *
     * @param name as given before
     * @return whether neither session nor slot is left, after ten seconds at most
     * @throws SQLException if the server is not reached
     */
    public static boolean isGone(Endpoint endpoint, String name) throws SQLException {
        Properties properties = endpoint.jdbcProperties();
        properties.setProperty("currentSchema", "pg_catalog"); // whatever the database's own search_path says
        try (Connection connection = Connector.connect(endpoint, CONNECT, properties);
                PreparedStatement statement = connection.prepareStatement("""
                        select (select count(pg_catalog.pg_terminate_backend(pid)) from pg_catalog.pg_stat_activity
                                 where application_name = ?)
                             + (select count(*) from pg_catalog.pg_replication_slots where slot_name = ?)
                        """)) {
            statement.setString(1, name);
            statement.setString(2, name);
            for (long until = System.nanoTime() + LEAVE.toNanos(); ; Thread.sleep(LOOK.toMillis())) {
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    if (row.getLong(1) == 0 || until - System.nanoTime() <= 0) {
                        return row.getLong(1) == 0;
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static Properties named(Endpoint endpoint, String name) {
        Properties properties = endpoint.jdbcProperties();
        properties.setProperty("ApplicationName", name);
        return properties;
    }

    private static Snapshot reading(
            Endpoint endpoint, String name, @Nullable String exported, @Nullable Lsn position, Duration answer)
            throws SQLException {
        Connection reader = Connector.connect(endpoint, CONNECT, named(endpoint, name));
        boolean opened = false;
        try {
            reader.setNetworkTimeout(
                    Runnable::run, Math.toIntExact(answer.plus(CONNECT).toMillis()));
            // Idle while others read what it exports: no gateway between may forget it
            try (Statement statement = reader.createStatement()) {
                statement.execute("select pg_catalog.set_config('tcp_keepalives_idle', '30', false),"
                        + " pg_catalog.set_config('tcp_keepalives_interval', '10', false),"
                        + " pg_catalog.set_config('tcp_keepalives_count', '3', false)");
            }
            reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            reader.setReadOnly(true);
            reader.setAutoCommit(false);
            if (exported != null) {
                if (!NAME.matcher(exported).matches()) {
                    throw new SQLException("The server's snapshot has no usable name: " + exported);
                }
                try (Statement statement = reader.createStatement()) {
                    statement.execute("set transaction snapshot '" + exported + "'");
                }
            }
            opened = true;
            return new Snapshot(reader, position);
        } finally {
            if (!opened) {
                reader.close();
            }
        }
    }

    /** In a read-only transaction that sees the snapshot. */
    public Connection connection() {
        return reader;
    }

    /**
     * Lets other sessions of this database see what this one sees, for as long as it is open (manual, pg_export_snapshot).
     *
     * @return the snapshot's name, for {@code pg_dump --snapshot}
     * @throws SQLException if the server refuses
     */
    public String export() throws SQLException {
        return exported(reader);
    }

    /** The same of another session, which is in a transaction of the isolation level repeatable read. */
    public static String exported(Connection reader) throws SQLException {
        try (Statement statement = reader.createStatement()) {
            // It waits for the others, however long their work takes
            statement.execute("select set_config(name, '0', true) from pg_catalog.pg_settings where name in"
                    + " ('idle_in_transaction_session_timeout', 'transaction_timeout')");
            try (ResultSet row = statement.executeQuery("select pg_catalog.pg_export_snapshot()")) {
                row.next();
                return row.getString(1);
            }
        }
    }

    /** Just the transactions that committed before it are seen; empty for {@link #now}. */
    public Optional<Lsn> position() {
        return Optional.ofNullable(position);
    }

    /** Cancels the statement that runs now, from any thread. */
    public void cancel() throws SQLException {
        reader.unwrap(PGConnection.class).cancelQuery();
    }

    /** Does nothing if it is closed, or its connection broke. */
    @Override
    public void close() throws SQLException {
        if (reader.isClosed()) {
            return;
        }
        try (reader) {
            reader.rollback();
        }
    }
}
