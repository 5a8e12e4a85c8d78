package dev.nightshift.postgres;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The sessions to the fleet: a small pool per endpoint, opened on demand and closed when unused, behind one circuit
 * breaker per instance (host and port). One of it per node.
 */
public final class TargetPools implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TargetPools.class.getName());

    /** What is done with a session. */
    @FunctionalInterface
    public interface Work<T> {
        T with(Session session) throws SQLException;
    }

    /**
     * Who logs in where, and how: endpoints alike in this share a pool. The password belongs to it, or the pool would let
     * in who does not know it; as a salted digest, so that none lies around.
     */
    private record Key(
            String host,
            int port,
            String database,
            String user,
            String passwordDigest,
            TlsMode tls,
            @Nullable Path rootCertificate,
            @Nullable ClientCertificate clientCertificate) {
        private static final byte[] SALT = new SecureRandom().generateSeed(16);

        static Key of(Endpoint endpoint) {
            return new Key(
                    endpoint.host(),
                    endpoint.port(),
                    endpoint.database(),
                    endpoint.user(),
                    digest(endpoint.password()),
                    endpoint.tls(),
                    endpoint.rootCertificate(),
                    endpoint.clientCertificate());
        }

        private static String digest(@Nullable Supplier<String> password) {
            if (password == null) {
                return "";
            }
            try {
                MessageDigest sha = MessageDigest.getInstance("SHA-256");
                sha.update(SALT);
                return HexFormat.of().formatHex(sha.digest(password.get().getBytes(StandardCharsets.UTF_8)));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("Every Java platform has SHA-256", e);
            }
        }
    }

    /** So long after a server might have been tried again, and was not, its breaker is forgotten. */
    static final Duration UNASKED = Duration.ofMinutes(10);

    private final PoolSettings settings;
    private final Clock clock;
    private final ScheduledExecutorService scheduler;
    private final boolean ownScheduler;
    private final ScheduledFuture<?> sweeping;
    private final Map<Key, CompletableFuture<Pool>> pools = new ConcurrentHashMap<>();
    private final Map<String, Breaker> breakers = new ConcurrentHashMap<>();

    /** With a daemon thread of its own for housekeeping. */
    public TargetPools(PoolSettings settings, Clock clock) {
        this(
                settings,
                clock,
                Executors.newSingleThreadScheduledExecutor(task -> {
                    Thread thread = new Thread(task, "nightshift-target-pools");
                    thread.setDaemon(true);
                    return thread;
                }),
                true);
    }

    /** With a container's scheduler for housekeeping, which it leaves running. */
    public TargetPools(PoolSettings settings, Clock clock, ScheduledExecutorService scheduler) {
        this(settings, clock, scheduler, false);
    }

    private TargetPools(PoolSettings settings, Clock clock, ScheduledExecutorService scheduler, boolean ownScheduler) {
        this.settings = settings;
        this.clock = clock;
        this.scheduler = scheduler;
        this.ownScheduler = ownScheduler;
        long every = settings.sweepInterval().toMillis();
        this.sweeping = scheduler.scheduleWithFixedDelay(this::sweep, every, every, TimeUnit.MILLISECONDS);
    }

    /** {@code host:port}: what has a breaker of its own. */
    public static String instance(Endpoint endpoint) {
        return instance(endpoint.host(), endpoint.port());
    }

    /** {@code host:port}: what has a breaker of its own. */
    public static String instance(String host, int port) {
        return host + ":" + port;
    }

    /**
     * A session, after one attempt. Tell {@link #failure} of what goes wrong with it, so that the breaker knows.
     *
     * @param job what the server shows as {@code nightshift/<job>}
     * @throws Failure.Retryable if the instance cannot be reached now, or its breaker is open
     * @throws Failure.Skippable if it refuses the login
     */
    public Session open(Endpoint endpoint, Deadlines deadlines, String job) {
        return admitted(endpoint, () -> {
            Pool pool = enter(endpoint, deadlines);
            try {
                return session(pool.connection(), deadlines, job, pool::leave);
            } catch (SQLException e) {
                pool.leave();
                if (e.getCause() != null || SqlFailure.of(e).unreachable()) {
                    retire(endpoint);
                }
                throw e;
            }
        });
    }

    /** As {@link #open}, outside of the pool: for a session that is held for hours beside the work and must not take its place. */
    public Session openApart(Endpoint endpoint, Deadlines deadlines, String job) {
        return admitted(
                endpoint, () -> session(Connector.connect(endpoint, deadlines.connect()), deadlines, job, () -> {}));
    }

    private interface Opening {
        Session session() throws SQLException;
    }

    private Session admitted(Endpoint endpoint, Opening opening) {
        Breaker breaker = breaker(instance(endpoint));
        breaker.admit();
        boolean told = false;
        try {
            Session session = opening.session();
            breaker.reached();
            told = true;
            return session;
        } catch (SQLException e) {
            told = true;
            tell(breaker, e);
            throw SqlFailure.of("Connecting to " + endpoint, e);
        } finally {
            if (!told) {
                breaker.unknown();
            }
        }
    }

    private static Session session(Connection connection, Deadlines deadlines, String job, Runnable onClose)
            throws SQLException {
        boolean taken = false;
        try {
            Session session = Session.on(connection, deadlines, "nightshift/" + job, onClose);
            taken = true;
            return session;
        } finally {
            if (!taken) {
                connection.abort(Runnable::run);
                connection.close();
            }
        }
    }

    /** Counts into the endpoint's pool; the first one opens it, and who comes meanwhile shares its luck. */
    private Pool enter(Endpoint endpoint, Deadlines deadlines) throws SQLException {
        Key key = Key.of(endpoint);
        while (true) {
            CompletableFuture<Pool> mine = new CompletableFuture<>();
            CompletableFuture<Pool> present = pools.putIfAbsent(key, mine);
            if (present == null) {
                open(endpoint, deadlines, key, mine);
                present = mine;
            }
            try {
                Pool pool = present.join();
                if (pool.enter()) {
                    return pool;
                }
                pools.remove(key, present);
            } catch (CompletionException e) {
                if (present == mine && e.getCause() instanceof SQLException sql) {
                    throw sql;
                }
                throw SqlFailure.of("Connecting to " + endpoint, e.getCause() == null ? e : e.getCause());
            }
        }
    }

    private void open(Endpoint endpoint, Deadlines deadlines, Key key, CompletableFuture<Pool> mine) {
        try {
            mine.complete(new Pool(endpoint, deadlines.connect(), settings, clock, scheduler));
        } catch (SQLException | RuntimeException e) {
            pools.remove(key, mine);
            mine.completeExceptionally(e);
        }
    }

    /** Does some work once. */
    public <T> T once(Endpoint endpoint, Deadlines deadlines, String job, Work<T> work) {
        try (Session session = open(endpoint, deadlines, job)) {
            return work.with(session);
        } catch (SQLException e) {
            throw failure(endpoint, job + " on " + endpoint, e);
        }
    }

    /**
     * Does work that may be repeated, again while it fails in a way that may pass, as the settings' back-off says. An
     * open breaker ends it at once.
     */
    public <T> T call(Endpoint endpoint, Deadlines deadlines, String job, Work<T> work) {
        for (int failures = 1; ; failures++) {
            try {
                return once(endpoint, deadlines, job, work);
            } catch (Failure.Retryable e) {
                if (failures >= settings.retry().attempts() || breaker(endpoint).state() == BreakerStatus.State.OPEN) {
                    throw e;
                }
                pause(failures, e);
            }
        }
    }

    private void pause(int failures, Failure.Retryable e) {
        try {
            Thread.sleep(settings.retry()
                    .wait(failures, ThreadLocalRandom.current().nextDouble())
                    .toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw e;
        }
    }

    /**
     * What an error in a session means, and word of it to the instance's breaker.
     *
     * @param what as for {@link SqlFailure#of(String, Throwable)}
     */
    public Failure failure(Endpoint endpoint, String what, SQLException thrown) {
        if (SqlFailure.of(thrown).unreachable()) {
            breaker(instance(endpoint)).failed(SqlFailure.words(thrown));
            retire(endpoint);
        }
        return SqlFailure.of(what, thrown);
    }

    private static void tell(Breaker breaker, SQLException e) {
        SqlFailure meaning = SqlFailure.of(e);
        if (meaning.unreachable()) {
            breaker.failed(SqlFailure.words(e));
        } else if (SqlFailure.state(e) == null) {
            breaker.unknown();
        } else {
            breaker.reached();
        }
    }

    /**
     * Cancels what a backend does now, from a session of its own: for work whose {@link Session} another node holds.
     *
     * @return false if that backend is gone
     */
    public boolean cancel(Endpoint endpoint, Session.Backend backend) {
        return once(endpoint, Deadlines.interactive(), "cancel", session -> {
            try (PreparedStatement cancel = session.connection().prepareStatement("""
                    select pg_cancel_backend(pid) from pg_stat_get_activity(?)
                    where extract(epoch from backend_start)::text = ?
                    """)) {
                cancel.setInt(1, backend.pid());
                cancel.setString(2, backend.startedAt());
                try (ResultSet row = cancel.executeQuery()) {
                    return row.next() && row.getBoolean(1);
                }
            }
        });
    }

    /** The pools that are open now. */
    public List<PoolStatus> pools() {
        return open().stream().map(Pool::status).toList();
    }

    /** What the breakers of all instances asked so far know. */
    public List<BreakerStatus> breakers() {
        return breakers.values().stream().map(Breaker::status).toList();
    }

    /** What the breaker of the endpoint's instance knows. */
    public BreakerStatus breaker(Endpoint endpoint) {
        return breaker(instance(endpoint)).status();
    }

    private Breaker breaker(String instance) {
        return breakers.computeIfAbsent(
                instance, name -> new Breaker(name, settings.breakerFailures(), settings.breakerRest(), clock));
    }

    /** Forgets an instance whose settings changed or that was removed: its pools close when free, its breaker too. */
    public void forget(Endpoint endpoint) {
        breakers.remove(instance(endpoint));
        pools.forEach((key, opening) -> {
            if (key.host().equals(endpoint.host()) && key.port() == endpoint.port()) {
                retire(key, opening);
            }
        });
    }

    private void retire(Endpoint endpoint) {
        Key key = Key.of(endpoint);
        CompletableFuture<Pool> present = pools.get(key);
        if (present != null) {
            retire(key, present);
        }
    }

    private void retire(Key key, CompletableFuture<Pool> opening) {
        if (pools.remove(key, opening)) {
            var unused = opening.thenAccept(Pool::retire);
        }
    }

    /** Closes the pools that nobody used for the idle timeout; the scheduler calls it. */
    void sweep() {
        // A server that is no primary any more is not asked, and what it was like then says nothing of now
        Instant unasked = clock.now().minus(UNASKED);
        breakers.values().removeIf(breaker -> breaker.isUnaskedSince(unasked));
        pools.forEach((key, opening) -> {
            if (opening.isDone() && !opening.isCompletedExceptionally()) {
                Pool pool = opening.join();
                if (pool.closeIfUnused(settings.idleTimeout())) {
                    pools.remove(key, opening);
                    LOG.log(
                            System.Logger.Level.DEBUG,
                            "Closed the unused connections to {0}",
                            pool.status().endpoint());
                }
            }
        });
    }

    private List<Pool> open() {
        List<Pool> open = new ArrayList<>();
        pools.values().forEach(opening -> {
            if (opening.isDone() && !opening.isCompletedExceptionally()) {
                open.add(opening.join());
            }
        });
        return open;
    }

    /** Closes every pool at once, also under those who work with it. */
    @Override
    public void close() {
        sweeping.cancel(false);
        open().forEach(Pool::close);
        pools.clear();
        if (ownScheduler) {
            scheduler.shutdownNow();
        }
    }
}
