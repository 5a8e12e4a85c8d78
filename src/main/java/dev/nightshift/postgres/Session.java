package dev.nightshift.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Executor;
import org.postgresql.PGConnection;

/**
 * One connection to a target while somebody works with it. Its settings (deadlines, application_name) are set on
 * taking and discarded on {@link #close}, with whatever else the work left: locks, temporary tables, roles.
 */
public final class Session implements AutoCloseable {
    /** Only ever closes a socket, so the thread that found it late may do it. */
    private static final Executor SAME_THREAD = Runnable::run;

    private static final int CLOSING_MILLIS = 5_000;

    private final Connection connection;
    private final Runnable onClose;
    private final int serverVersion;
    private final Backend backend;
    private boolean closed;

    /**
     * A server process, told apart from a later one of the same number by its start.
     *
     * @param startedAt seconds since 1970, as the server writes them
     */
    public record Backend(int pid, String startedAt) {}

    private Session(Connection connection, Runnable onClose, int serverVersion, Backend backend) {
        this.connection = connection;
        this.onClose = onClose;
        this.serverVersion = serverVersion;
        this.backend = backend;
    }

    /** Gives a fresh or pooled connection the settings of this use. */
    static Session on(Connection connection, Deadlines deadlines, String applicationName, Runnable onClose)
            throws SQLException {
        connection.setAutoCommit(true);
        connection.setNetworkTimeout(SAME_THREAD, deadlines.answerMillis());
        int major = connection.getMetaData().getDatabaseMajorVersion();
        // The keepalives end a session whose client vanished within about a minute, with its locks; from 14 on the
        // server also looks for that while a statement runs.
        try (PreparedStatement settings = connection.prepareStatement(
                """
                select pg_backend_pid(),
                       (select extract(epoch from backend_start)::text from pg_stat_get_activity(pg_backend_pid())),
                       current_setting('server_version_num')::int,
                       set_config('application_name', ?, false),
                       set_config('lock_timeout', ?, false),
                       set_config('statement_timeout', ?, false),
                       set_config('tcp_keepalives_idle', '30', false),
                       set_config('tcp_keepalives_interval', '10', false),
                       set_config('tcp_keepalives_count', '3', false)
                """ + (major < 14 ? "" : ", set_config('client_connection_check_interval', '5s', false)"))) {
            settings.setString(1, applicationName);
            settings.setString(2, deadlines.lock().toMillis() + "ms");
            settings.setString(3, deadlines.statement().toMillis() + "ms");
            try (ResultSet row = settings.executeQuery()) {
                row.next();
                return new Session(connection, onClose, row.getInt(3), new Backend(row.getInt(1), row.getString(2)));
            }
        }
    }

    /** The connection, in auto-commit mode. Do not close it; do not keep it beyond this session. */
    public Connection connection() {
        return connection;
    }

    /** The server's version as it counts itself: 180004 for 18.4. */
    public int serverVersion() {
        return serverVersion;
    }

    /** The server's major version: 13 to 18. */
    public int serverMajor() {
        return serverVersion / 10_000;
    }

    /** The server process that works for this session. */
    public Backend backend() {
        return backend;
    }

    /**
     * Cancels the statement that runs now, from any thread; none running is no error. The statement ends with SQLSTATE
     * 57014. It goes over a connection of its own, which needs no free slot on the server.
     */
    public void cancel() throws SQLException {
        connection.unwrap(PGConnection.class).cancelQuery();
    }

    /**
     * Cuts the connection off from any thread, without a word to the server: for one that hangs, which would hear no cancel.
     * Whoever waits for an answer gets an error; the server ends the session when it notices.
     */
    public void abort() throws SQLException {
        connection.abort(SAME_THREAD);
    }

    /**
     * Takes the advisory lock that marks a kind of work in this database, if it is free, so that a node that was paused and
     * wakes up cannot double what another took over. It ends with the session.
     *
     * @return false if another session holds it
     */
    public boolean tryLock(String work) throws SQLException {
        try (PreparedStatement lock =
                connection.prepareStatement("select pg_try_advisory_lock(hashtextextended('nightshift/' || ?, 0))")) {
            lock.setString(1, work);
            try (ResultSet row = lock.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** Gives the connection back, clean; one that cannot be cleaned is closed. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            clean();
        } finally {
            onClose.run();
        }
    }

    private void clean() {
        try (connection) {
            try {
                connection.setNetworkTimeout(SAME_THREAD, CLOSING_MILLIS);
                if (!connection.getAutoCommit()) {
                    connection.rollback();
                    connection.setAutoCommit(true);
                }
                try (Statement discard = connection.createStatement()) {
                    discard.execute("discard all");
                }
            } catch (SQLException dirty) {
                connection.abort(SAME_THREAD);
            }
        } catch (SQLException gone) {
            System.getLogger(Session.class.getName())
                    .log(System.Logger.Level.DEBUG, "A connection was lost before it was given back", gone);
        }
    }
}
