package dev.nightshift.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import dev.nightshift.kernel.Clock;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** The connections to one endpoint: opened with the first, closed when nobody used them for a while. */
final class Pool {
    private static final Duration SHORTEST_IDLE = Duration.ofSeconds(10);
    private static final Duration VALIDATION = Duration.ofSeconds(2);

    private final Endpoint endpoint;
    private final Clock clock;
    private final HikariDataSource source;
    private int users;
    private Instant lastUsed;
    private boolean retired;
    private boolean closed;

    /**
     * Connects at once, in the caller's thread: a server that refuses is known as soon as it does, with its own words,
     * and is asked once, while a pool that waits for its own connection would go on asking until its wait is over.
     */
    Pool(Endpoint endpoint, Duration connect, PoolSettings settings, Clock clock, ScheduledExecutorService housekeeping)
            throws SQLException {
        this.endpoint = endpoint;
        this.clock = clock;
        this.lastUsed = clock.now();
        Connection first = Connector.connect(endpoint, connect);
        HikariConfig config = new HikariConfig();
        config.setPoolName("nightshift " + endpoint.host() + ":" + endpoint.port() + "/" + endpoint.database());
        config.setDataSource(new Connections(endpoint, connect, first));
        config.setMaximumPoolSize(settings.maxConnections());
        config.setMinimumIdle(0);
        config.setInitializationFailTimeout(-1);
        config.setConnectionTimeout(settings.poolWait().toMillis());
        config.setValidationTimeout(
                Math.min(VALIDATION.toMillis(), settings.poolWait().toMillis()));
        config.setIdleTimeout(
                Math.max(SHORTEST_IDLE.toMillis(), settings.idleTimeout().toMillis()));
        config.setKeepaliveTime(0);
        config.setScheduledExecutor(housekeeping);
        this.source = new HikariDataSource(config);
    }

    /** Counts a user in; false if the pool was closed meanwhile. */
    synchronized boolean enter() {
        if (closed) {
            return false;
        }
        users++;
        lastUsed = clock.now();
        return true;
    }

    /** Counts a user out. */
    void leave() {
        boolean last;
        synchronized (this) {
            users--;
            lastUsed = clock.now();
            last = retired && users == 0 && !closed;
            closed |= last;
        }
        if (last) {
            source.close();
        }
    }

    /** Closes it as soon as nobody uses it. */
    void retire() {
        boolean now;
        synchronized (this) {
            retired = true;
            now = users == 0 && !closed;
            closed |= now;
        }
        if (now) {
            source.close();
        }
    }

    /** Closes it if nobody used it for so long. */
    boolean closeIfUnused(Duration idle) {
        synchronized (this) {
            if (closed || users > 0 || lastUsed.plus(idle).isAfter(clock.now())) {
                return false;
            }
            closed = true;
        }
        source.close();
        return true;
    }

    /** Closes it now; who works with it loses the connection. */
    void close() {
        synchronized (this) {
            closed = true;
        }
        source.close();
    }

    Connection connection() throws SQLException {
        return source.getConnection();
    }

    synchronized PoolStatus status() {
        HikariPoolMXBean figures = source.getHikariPoolMXBean();
        return new PoolStatus(
                endpoint.toString(),
                TargetPools.instance(endpoint),
                endpoint.user(),
                endpoint.database(),
                figures == null ? 0 : figures.getActiveConnections(),
                figures == null ? 0 : figures.getIdleConnections(),
                figures == null ? 0 : figures.getThreadsAwaitingConnection(),
                lastUsed);
    }

    /** Hands out the first connection, then makes new ones, at most one try a second while that fails. */
    private static final class Connections implements DataSource {
        private static final long PAUSE = TimeUnit.SECONDS.toNanos(1);
        private final Endpoint endpoint;
        private final Duration connect;
        private final AtomicReference<@Nullable Connection> first;
        private @Nullable SQLException refused;
        private long refusedAt;

        Connections(Endpoint endpoint, Duration connect, Connection first) {
            this.endpoint = endpoint;
            this.connect = connect;
            this.first = new AtomicReference<>(first);
        }

        @Override
        public Connection getConnection() throws SQLException {
            Connection ready = first.getAndSet(null);
            if (ready != null) {
                return ready;
            }
            synchronized (this) {
                if (refused != null && System.nanoTime() - refusedAt < PAUSE) {
                    throw refused;
                }
            }
            try {
                return Connector.connect(endpoint, connect);
            } catch (SQLException e) {
                synchronized (this) {
                    refused = e;
                    refusedAt = System.nanoTime();
                }
                throw e;
            }
        }

        @Override
        public Connection getConnection(String user, String password) throws SQLException {
            throw new SQLFeatureNotSupportedException("The endpoint says who logs in.");
        }

        @Override
        public @Nullable PrintWriter getLogWriter() {
            return null;
        }

        @Override
        public void setLogWriter(@Nullable PrintWriter out) {}

        @Override
        public void setLoginTimeout(int seconds) {}

        @Override
        public int getLoginTimeout() {
            return (int) connect.toSeconds();
        }

        @Override
        public Logger getParentLogger() throws SQLFeatureNotSupportedException {
            throw new SQLFeatureNotSupportedException("System.Logger is used.");
        }

        @Override
        public <T> T unwrap(Class<T> type) throws SQLException {
            throw new SQLFeatureNotSupportedException("Nothing is wrapped.");
        }

        @Override
        public boolean isWrapperFor(Class<?> type) {
            return false;
        }
    }
}
