package dev.nightshift.console;

import dev.nightshift.tenancy.Live;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Hears through one connection of its own what any node changes, and passes it on to this node's pages. A pooled
 * connection could not: LISTEN belongs to the session, and the pool hands that to the next caller.
 */
@ApplicationScoped
class Listening {
    /** How often the login behind an open page is looked at again: a page must not show for long what its reader may no more. */
    static final int CHECK_SECONDS = 10;

    private static final System.Logger LOG = System.getLogger(Listening.class.getName());
    private static final int WAIT_MILLIS = 10_000;
    private static final int ANSWER_SECONDS = 10;
    private static final int FIRST_PAUSE_MILLIS = 500;
    private static final int LONGEST_PAUSE_MILLIS = 15_000;

    @Inject
    private LiveFeed feed;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedThreadFactory threads;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedScheduledExecutorService executor;

    private volatile boolean ended;
    private volatile @Nullable Connection connection;
    private @Nullable Future<?> checks;

    void started(@Observes @Initialized(ApplicationScoped.class) Object event) {
        FeedConfig config = FeedConfig.read();
        Thread thread = threads.newThread(() -> listen(config));
        thread.setName("nightshift-live");
        thread.start();
        checks = executor.scheduleWithFixedDelay(feed::check, CHECK_SECONDS, CHECK_SECONDS, TimeUnit.SECONDS);
    }

    /** How long to wait after so many failures in a row: twice as long each time, up to the longest pause. */
    static int pauseMillis(int failures) {
        return (int) Math.min(LONGEST_PAUSE_MILLIS, (long) FIRST_PAUSE_MILLIS << Math.min(failures - 1, 10));
    }

    private void listen(FeedConfig config) {
        int failures = 0;
        while (!ended) {
            try (Connection opened = dataSource(config).getConnection()) {
                connection = opened;
                try (var statement = opened.createStatement()) {
                    statement.execute("listen " + Live.CHANNEL);
                }
                feed.tellAll();
                if (failures > 0) {
                    LOG.log(System.Logger.Level.INFO, "The live feed hears the repository again.");
                }
                failures = 0;
                pass(opened);
            } catch (SQLException e) {
                failures++;
                if (failures == 1 && !ended) {
                    LOG.log(System.Logger.Level.WARNING, "The live feed lost the repository: {0}", e.getMessage());
                    feed.tellAway();
                }
                pause(pauseMillis(failures));
            }
        }
    }

    private void pass(Connection opened) throws SQLException {
        PGConnection source = opened.unwrap(PGConnection.class);
        while (!ended) {
            PGNotification[] notifications = source.getNotifications(WAIT_MILLIS);
            if (notifications == null || notifications.length == 0) {
                // Silence, or a connection that a firewall dropped without a word
                try (var statement = opened.createStatement()) {
                    statement.setQueryTimeout(ANSWER_SECONDS);
                    statement.execute("select");
                }
                continue;
            }
            for (PGNotification notification : notifications) {
                Change.parse(notification.getParameter()).ifPresent(feed::tell);
            }
        }
    }

    private static PGSimpleDataSource dataSource(FeedConfig config) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setServerNames(new String[] {config.host()});
        source.setPortNumbers(new int[] {config.port()});
        source.setDatabaseName(config.database());
        source.setSslMode(config.tls());
        if (!config.rootCertificate().equals(FeedConfig.NONE)) {
            source.setSslRootCert(config.rootCertificate());
        }
        source.setUser(config.user());
        source.setPassword(config.password());
        source.setApplicationName("nightshift live");
        source.setConnectTimeout(5);
        source.setSocketTimeout(2 * ANSWER_SECONDS);
        source.setTcpKeepAlive(true);
        return source;
    }

    private void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            ended = true;
            Thread.currentThread().interrupt();
        }
    }

    @PreDestroy
    void end() {
        ended = true;
        if (checks != null) {
            checks.cancel(false);
        }
        Connection open = connection;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                LOG.log(System.Logger.Level.DEBUG, "The listening connection was gone already.", e);
            }
        }
    }
}
