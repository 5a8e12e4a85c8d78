package dev.nightshift.postgres;

import dev.nightshift.kernel.Identifier;
import java.sql.Connection;
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
     * that is open now. The slot is gone when this returns.
     *
     * @param slot a name that nobody else uses
     * @param patience with the open transactions, whole seconds
     * @param answer the longest that one statement in the snapshot may take
     * @throws SQLException if the server refuses, or the patience is over (57014)
     */
    public static Snapshot atPosition(Endpoint endpoint, String slot, Duration patience, Duration answer)
            throws SQLException {
        Properties properties = endpoint.jdbcProperties();
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "15");
        try (Connection exporter = Connector.connect(endpoint, patience.plus(CONNECT), properties);
                Statement statement = exporter.createStatement()) {
            // Cancelled on the server: a closed socket would leave it waiting, with the slot.
            statement.setQueryTimeout(Math.toIntExact(patience.toSeconds()));
            try (ResultSet row = statement.executeQuery("CREATE_REPLICATION_SLOT " + new Identifier(slot).quoted()
                    + " TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')")) {
                row.next();
                Lsn position = Lsn.parse(row.getString("consistent_point"));
                return reading(endpoint, row.getString("snapshot_name"), position, answer);
            }
        }
    }

    /** The database as it is now, at no known position. */
    public static Snapshot now(Endpoint endpoint, Duration answer) throws SQLException {
        return reading(endpoint, null, null, answer);
    }

    private static Snapshot reading(
            Endpoint endpoint, @Nullable String exported, @Nullable Lsn position, Duration answer) throws SQLException {
        Connection reader = Connector.connect(endpoint, CONNECT);
        boolean opened = false;
        try {
            reader.setNetworkTimeout(
                    Runnable::run, Math.toIntExact(answer.plus(CONNECT).toMillis()));
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

    /** Just the transactions that committed before it are seen; empty for {@link #now}. */
    public Optional<Lsn> position() {
        return Optional.ofNullable(position);
    }

    /** Cancels the statement that runs now, from any thread. */
    public void cancel() throws SQLException {
        reader.unwrap(PGConnection.class).cancelQuery();
    }

    @Override
    public void close() throws SQLException {
        try (reader) {
            reader.rollback();
        }
    }
}
