package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.BreakerStatus.State;
import dev.nightshift.testing.FreePorts;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TargetPoolsTest {
    private static final Deadlines SHORT = new Deadlines(
            Duration.ofSeconds(5), Duration.ofMillis(200), Duration.ofSeconds(10), Duration.ofSeconds(15));

    /** For servers that never answer; a busy machine's own server may take longer. */
    private static final Deadlines IMPATIENT = new Deadlines(
            Duration.ofSeconds(1), Duration.ofMillis(200), Duration.ofSeconds(10), Duration.ofSeconds(15));

    private static Postgres server;

    private final TestClock clock = new TestClock();
    private final PoolSettings settings = PoolSettings.standard()
            .withRetry(new Backoff(3, Duration.ofMillis(10), Duration.ofMillis(20)))
            .withBreaker(2, Duration.ofSeconds(60));
    private final TargetPools pools = new TargetPools(settings, clock);

    @BeforeAll
    static void start() {
        server = Postgres.start(18);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void close() {
        pools.close();
    }

    private static Endpoint target() {
        return Endpoint.local(server.port(), "postgres", server.user(), server::password);
    }

    @Test
    void aSessionShowsItsJobAndItsDeadlinesToTheServer() {
        List<String> seen = pools.once(
                target(),
                SHORT,
                "vacuum",
                session -> List.of(
                        show(session, "application_name"),
                        show(session, "lock_timeout"),
                        show(session, "statement_timeout"),
                        show(session, "client_connection_check_interval")));
        assertEquals(List.of("nightshift/vacuum", "200ms", "10s", "5s"), seen);
        assertEquals(18, (int) pools.once(target(), SHORT, "x", Session::serverMajor));
    }

    @Test
    void whatOneWorkLeavesBehindTheNextDoesNotFind() {
        pools.once(target(), SHORT, "first", session -> {
            execute(session, "set work_mem = '77MB'");
            execute(session, "create temporary table leftover ()");
            return session.tryLock("vacuum");
        });
        pools.once(target(), SHORT, "second", session -> {
            assertFalse(show(session, "work_mem").contains("77"));
            assertThrows(SQLException.class, () -> execute(session, "select * from leftover"));
            return "";
        });
        assertEquals(1, pools.pools().get(0).idle());
        try (Session other = pools.open(target(), SHORT, "other");
                Session another = pools.open(target(), SHORT, "another")) {
            assertTrue(lock(other));
            assertFalse(lock(another));
        }
    }

    @Test
    void aListenerThatAcceptsAndNeverAnswersFailsWithinTheDeadline() throws IOException {
        try (Silence silence = new Silence()) {
            Endpoint endpoint = Endpoint.local(silence.port(), "postgres", "postgres", () -> "secret");
            Failure failure = assertTimeout(
                    Duration.ofSeconds(3),
                    () -> assertThrows(Failure.Retryable.class, () -> pools.open(endpoint, IMPATIENT, "check")));
            assertTrue(String.valueOf(failure.getMessage()).contains("127.0.0.1:" + silence.port()));
            assertEquals(1, pools.breaker(endpoint).failures());
        }
    }

    @Test
    void aServerThatFallsSilentInMidStatementIsGivenUpByTheClient() throws IOException {
        try (Proxy proxy = new Proxy(server.port())) {
            Endpoint endpoint = Endpoint.local(proxy.port(), "postgres", server.user(), server::password);
            Deadlines deadlines = new Deadlines(
                    Duration.ofSeconds(5), Duration.ofMillis(200), Duration.ofSeconds(1), Duration.ofSeconds(2));
            Failure failure = assertTimeout(
                    Duration.ofSeconds(10),
                    () -> assertThrows(
                            Failure.Retryable.class,
                            () -> pools.once(endpoint, deadlines, "probe", session -> {
                                proxy.freeze();
                                return show(session, "work_mem");
                            })));
            assertTrue(String.valueOf(failure.getMessage()).startsWith("probe on "), failure.getMessage());
            assertEquals(1, pools.breaker(endpoint).failures());
        }
    }

    @Test
    void aRefusedPortOpensTheBreakerWhichThenFailsAtOnceAndClosesAfterASuccessfulTrial() throws IOException {
        int port = FreePorts.one();
        Endpoint endpoint = Endpoint.local(port, "postgres", server.user(), server::password);
        AtomicInteger tries = new AtomicInteger();
        assertThrows(
                Failure.Retryable.class,
                () -> pools.call(endpoint, SHORT, "probe", session -> tries.incrementAndGet()));
        assertEquals(State.OPEN, pools.breaker(endpoint).state());
        Failure refused = assertThrows(Failure.Retryable.class, () -> pools.open(endpoint, SHORT, "probe"));
        assertTrue(String.valueOf(refused.getMessage()).contains("not being asked"), refused.getMessage());
        assertEquals(0, tries.get());

        clock.advance(Duration.ofSeconds(60));
        try (Proxy proxy = new Proxy(port, server.port())) {
            assertEquals(port, proxy.port());
            assertEquals("on", pools.call(endpoint, SHORT, "probe", session -> show(session, "fsync")));
        }
        assertEquals(State.CLOSED, pools.breaker(endpoint).state());
    }

    @Test
    void sqlErrorsAndWrongPasswordsDoNotCountForTheBreaker() {
        Endpoint wrong = Endpoint.local(server.port(), "postgres", server.user(), () -> "wrong");
        for (int time = 0; time < 3; time++) {
            assertThrows(Failure.Skippable.class, () -> pools.open(wrong, SHORT, "check"));
            assertThrows(
                    Failure.Fatal.class,
                    () -> pools.once(target(), SHORT, "check", session -> {
                        execute(session, "select 1 / 0");
                        return "";
                    }));
        }
        assertEquals(State.CLOSED, pools.breaker(target()).state());
        assertEquals(0, pools.breaker(target()).failures());
    }

    @Test
    void onlyWhatMayPassIsTriedAgain() {
        AtomicInteger retryable = new AtomicInteger();
        assertEquals("done", pools.call(target(), SHORT, "probe", session -> {
            if (retryable.incrementAndGet() < 3) {
                throw new SQLException("deadlock detected", "40P01");
            }
            return "done";
        }));
        AtomicInteger fatal = new AtomicInteger();
        assertThrows(
                Failure.Fatal.class,
                () -> pools.call(target(), SHORT, "probe", session -> {
                    fatal.incrementAndGet();
                    throw new SQLException("syntax error", "42601");
                }));
        assertEquals(3, retryable.get());
        assertEquals(1, fatal.get());
    }

    @Test
    void anUnusedPoolClosesAndAUsedOneStays() {
        try (Session used = pools.open(target(), SHORT, "long")) {
            pools.once(target().withDatabase("template1"), SHORT, "short", session -> "");
            assertEquals(2, pools.pools().size());
            clock.advance(Duration.ofMinutes(5));
            pools.sweep();
            assertEquals(1, pools.pools().size());
            assertEquals(1, pools.pools().get(0).active());
            assertEquals(18, used.serverMajor());
        }
        clock.advance(Duration.ofMinutes(5));
        pools.sweep();
        assertTrue(pools.pools().isEmpty());
    }

    @Test
    void aTableUnderAccessExclusiveLockIsNotWaitedFor() throws SQLException {
        server.execute("postgres", "create table if not exists held ()");
        try (Connection holder = server.connect("postgres");
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("lock table held in access exclusive mode");
            Failure failure = assertTimeout(
                    Duration.ofSeconds(5),
                    () -> assertThrows(
                            Failure.Retryable.class,
                            () -> pools.once(target(), SHORT, "probe", session -> {
                                execute(session, "select * from held");
                                return "";
                            })));
            assertTrue(String.valueOf(failure.remedy()).contains("lock"));
        }
    }

    @Test
    void aStatementIsCancelledFromAnotherThreadByItsSessionOrByItsBackend() throws Exception {
        for (boolean bySession : new boolean[] {true, false}) {
            try (Session session = pools.open(target(), SHORT, "sleeper")) {
                CompletableFuture<SQLException> sleeping = CompletableFuture.supplyAsync(
                        () -> assertThrows(SQLException.class, () -> execute(session, "select pg_sleep(10)")));
                TimeUnit.MILLISECONDS.sleep(300);
                if (bySession) {
                    session.cancel();
                } else {
                    assertTrue(pools.cancel(target(), session.backend()));
                }
                assertEquals("57014", sleeping.get(3, TimeUnit.SECONDS).getSQLState());
            }
        }
        assertFalse(pools.cancel(target(), new Session.Backend(1, "0")));
    }

    @Test
    void whoFindsAllConnectionsInUseIsToldSoAndTheBreakerStaysClosed() {
        TargetPools one = new TargetPools(
                new PoolSettings(
                        1,
                        Duration.ofMinutes(5),
                        Duration.ofSeconds(30),
                        Duration.ofMillis(300),
                        1,
                        Duration.ofSeconds(60),
                        Backoff.never()),
                clock);
        try (one;
                Session session = one.open(target(), SHORT, "first")) {
            Failure failure = assertThrows(Failure.Retryable.class, () -> one.open(target(), SHORT, "second"));
            assertTrue(String.valueOf(failure.remedy()).contains("in use"), failure.remedy());
            assertEquals(State.CLOSED, one.breaker(target()).state());
            assertEquals(18, session.serverMajor());
        }
    }

    @Test
    void noSecretIsInWhatIsSaid() {
        Endpoint wrong = Endpoint.local(server.port(), "postgres", server.user(), () -> "hunter2");
        Failure failure = assertThrows(Failure.class, () -> pools.open(wrong, SHORT, "check"));
        assertFalse(String.valueOf(failure.getMessage()).contains("hunter2"));
        assertFalse(String.valueOf(pools.breakers()).contains("hunter2"));
    }

    private static boolean lock(Session session) {
        try {
            return session.tryLock("vacuum");
        } catch (SQLException e) {
            throw SqlFailure.of("lock", e);
        }
    }

    private static String show(Session session, String setting) throws SQLException {
        try (Statement statement = session.connection().createStatement();
                ResultSet row = statement.executeQuery("show " + setting)) {
            row.next();
            return row.getString(1);
        }
    }

    private static void execute(Session session, String sql) throws SQLException {
        try (Statement statement = session.connection().createStatement()) {
            statement.execute(sql);
        }
    }

    /** Takes connections and says nothing. */
    private static final class Silence implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final List<Socket> open = new CopyOnWriteArrayList<>();

        Silence() throws IOException {
            daemon(() -> {
                while (true) {
                    open.add(listener.accept());
                }
            });
        }

        int port() {
            return listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    /** Passes everything on until it freezes: then both ends stay open and hear nothing more. */
    private static final class Proxy implements AutoCloseable {
        private final ServerSocket listener;
        private final List<Socket> open = new CopyOnWriteArrayList<>();
        private volatile boolean frozen;

        Proxy(int target) throws IOException {
            this(0, target);
        }

        Proxy(int port, int target) throws IOException {
            listener = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
            daemon(() -> {
                while (true) {
                    Socket client = listener.accept();
                    Socket upstream = new Socket(InetAddress.getLoopbackAddress(), target);
                    open.add(client);
                    open.add(upstream);
                    daemon(() -> pump(client, upstream));
                    daemon(() -> pump(upstream, client));
                }
            });
        }

        private void pump(Socket from, Socket to) throws IOException {
            byte[] buffer = new byte[8192];
            for (int read = from.getInputStream().read(buffer);
                    read >= 0;
                    read = from.getInputStream().read(buffer)) {
                if (!frozen) {
                    to.getOutputStream().write(buffer, 0, read);
                }
            }
            to.close();
        }

        void freeze() {
            frozen = true;
        }

        int port() {
            return listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    @FunctionalInterface
    private interface Loop {
        void run() throws IOException;
    }

    private static void daemon(Loop loop) {
        Thread thread = new Thread(() -> {
            try {
                loop.run();
            } catch (IOException ended) {
                Thread.currentThread().interrupt(); // the test closed the sockets
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
