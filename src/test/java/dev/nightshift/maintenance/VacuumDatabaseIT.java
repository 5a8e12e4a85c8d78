package dev.nightshift.maintenance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.maintenance.TableResult.Outcome;
import dev.nightshift.postgres.Deadlines;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.PoolSettings;
import dev.nightshift.postgres.Session;
import dev.nightshift.postgres.TargetPools;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestClock;
import dev.nightshift.testing.harness.CuttingProxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VacuumDatabaseIT {
    private static final VacuumPolicy POLICY = VacuumPolicy.of(20, 10, 100);
    private static final Map<String, String> SETTINGS =
            Map.of("autovacuum", "off", "autovacuum_freeze_max_age", "100000", "synchronous_commit", "off");
    private static Map<Integer, Postgres> servers = Map.of();
    private static int databases;

    private final TargetPools pools = new TargetPools(PoolSettings.standard(), Clock.system());
    private final Night night = new Night();

    @BeforeAll
    static void start() {
        servers = Map.of(
                14, Postgres.start(14, SETTINGS), 15, Postgres.start(15, SETTINGS), 18, Postgres.start(18, SETTINGS));
    }

    @AfterAll
    static void stop() {
        servers.values().forEach(Postgres::close);
    }

    @AfterEach
    void close() {
        pools.close();
    }

    private static Postgres server(int major) {
        return Objects.requireNonNull(servers.get(major));
    }

    /** A database of the test's own, with these statements run in it, and their figures counted by the server. */
    private static Endpoint database(int major, String... statements) throws SQLException {
        Postgres server = server(major);
        String name = "night " + ++databases;
        server.execute("postgres", "create database \"" + name + "\"");
        for (String statement : statements) {
            server.execute(name.replace(" ", "%20"), statement);
            settle(server, name);
        }
        if (major < 15) {
            // Its statistics collector hears of it later, and shows what it heard half a second ago (manual 14, section
            // 28.2)
            server.execute("postgres", "select pg_sleep(2)");
        }
        return Endpoint.local(server.port(), name, server.user(), server::password);
    }

    /** A session counts what it did when it ends, at the latest, and it ends a moment after its client has gone. */
    private static void settle(Postgres server, String database) throws SQLException {
        server.execute("postgres", """
                do $$ begin
                    while exists (select from pg_stat_activity where datname = '%s') loop
                        perform pg_sleep(0.01), pg_stat_clear_snapshot();
                    end loop;
                end $$
                """.formatted(database));
    }

    private VacuumResult run(Endpoint endpoint) {
        return new VacuumDatabase(pools, Clock.system()).run(endpoint, POLICY, VacuumOptions.until(null), night);
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 18})
    void deadRowsVanishAndTheServersOwnCountersSayThatItWasDone(int major) throws SQLException {
        Endpoint endpoint = database(
                major,
                "create table orders (id int primary key, note text)",
                "insert into orders select i, 'note' from generate_series(1, 10000) i",
                "vacuum analyze orders",
                "create table fine as select * from orders",
                "vacuum analyze fine",
                "delete from orders where id % 2 = 0");
        VacuumResult result = run(endpoint);
        assertEquals(2, result.seen());
        TableResult orders = only(result);
        assertEquals(Outcome.DONE, orders.outcome(), orders.toString());
        assertEquals("\"public\".\"orders\"", orders.table());
        assertEquals("VACUUM, ANALYZE", orders.action());
        assertEquals(5_000, Objects.requireNonNull(orders.before()).deadRows());
        assertEquals(0, Objects.requireNonNull(orders.after()).deadRows());
        assertEquals(5_000, orders.after().liveRows());
        assertNotNull(orders.after().size());
        assertEquals(5_000, result.deadRowsRemoved());
        assertNull(result.stopped());
        assertEquals(List.of("0/1 \"public\".\"orders\"", "1/1"), night.progress);
        assertEquals(List.of(), run(endpoint).tables());
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void aLockedTableIsPutOffThenSkippedInGoodTimeAndTheOthersAreDone(int major) throws SQLException {
        Endpoint endpoint = database(
                major,
                "create table held as select generate_series(1, 10000) as id",
                "create table free as select generate_series(1, 1000) as id");
        try (Connection holder = server(major).connect(endpoint.database().replace(" ", "%20"));
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("lock table held in access exclusive mode");
            VacuumResult result = assertTimeout(Duration.ofSeconds(5), () -> run(endpoint));
            assertEquals(Outcome.DONE, of(result, "free").outcome());
            TableResult held = of(result, "held");
            assertEquals(Outcome.SKIPPED, held.outcome());
            assertEquals(List.of(), result.failed(), "it is no fault");
            assertEquals(List.of(held), result.locked(), "but nobody did it");
            assertTrue(String.valueOf(held.reason()).contains("AccessExclusiveLock"), held.toString());
            assertEquals("\"public\".\"held\"", result.tables().get(1).table());
            holder.rollback();
        }
        assertEquals(Outcome.DONE, only(run(endpoint)).outcome());
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void aTableThatAnotherVacuumWorksOnIsLeftToIt(int major) throws Exception {
        Endpoint endpoint = database(major, "create table busy as select generate_series(1, 50000) as id");
        try (Connection other = server(major).connect(endpoint.database().replace(" ", "%20"));
                Statement statement = other.createStatement()) {
            statement.execute("set vacuum_cost_delay = '100ms'");
            statement.execute("set vacuum_cost_limit = 1");
            CompletableFuture<Void> vacuum = CompletableFuture.runAsync(
                    () -> assertThrows(SQLException.class, () -> statement.execute("vacuum busy")));
            TimeUnit.MILLISECONDS.sleep(500);
            TableResult busy = only(run(endpoint));
            assertEquals(Outcome.SKIPPED, busy.outcome());
            assertFalse(busy.failed(), "it is no fault");
            assertFalse(busy.locked(), "the other one does it");
            assertTrue(String.valueOf(busy.reason()).contains("another VACUUM works on it now"), busy.toString());
            statement.cancel();
            vacuum.get(5, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 18})
    void aTableThatTheRoleMayNotVacuumIsNotDoneAndTheGrantThatHelpsIsNamed(int major) throws SQLException {
        Endpoint superuser = database(
                major,
                "create role clerk" + databases + " login password 'secret'",
                "create role baker" + databases,
                "create table bread as select generate_series(1, 1000) as id",
                "alter table bread owner to baker" + databases);
        String clerk = "clerk" + (databases - 1);
        Endpoint endpoint = Endpoint.local(superuser.port(), superuser.database(), clerk, () -> "secret");
        TableResult bread = only(run(endpoint));
        assertEquals(Outcome.SKIPPED, bread.outcome());
        assertTrue(bread.failed(), "somebody has to grant it");
        assertEquals(
                major >= 17
                        ? "GRANT MAINTAIN ON TABLE \"public\".\"bread\" TO \"" + clerk
                                + "\"; or for all tables: GRANT pg_maintain TO \"" + clerk + "\";"
                        : "GRANT \"baker" + (databases - 1) + "\" TO \"" + clerk + "\";",
                bread.remedy());
        assertTrue(bread.warnings().get(0).contains("bread"), bread.toString());

        String grant = String.valueOf(bread.remedy()).replaceAll(";.*", "");
        server(major).execute(superuser.database().replace(" ", "%20"), grant);
        assertEquals(Outcome.DONE, only(run(endpoint)).outcome());
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 18})
    void quotedNamesMaterializedViewsPartitionsAndToastAreDone(int major) throws SQLException {
        Endpoint endpoint = database(
                major,
                "create schema \"My \"\"Schema\"",
                "create table \"My \"\"Schema\".\"Order; drop\" as select generate_series(1, 1000) as id",
                "create materialized view seen as select generate_series(1, 1000) as id",
                "create table parted (id int) partition by range (id)",
                "create table parted_1 partition of parted for values from (0) to (1000)",
                "create table parted_2 partition of parted for values from (1000) to (2000)",
                "insert into parted select generate_series(0, 1999)",
                "create table long_values (id int, body text)",
                "alter table long_values alter body set storage external",
                "insert into long_values select i, repeat('x', 10000) from generate_series(1, 90) i",
                "vacuum analyze long_values",
                "update long_values set body = repeat('y', 10000)");
        VacuumResult result = run(endpoint);
        for (String table : List.of("Order; drop", "seen", "parted", "parted_1", "parted_2", "long_values")) {
            assertEquals(Outcome.DONE, of(result, table).outcome(), result.toString());
        }
        assertEquals("ANALYZE", of(result, "parted").action());
        assertEquals(
                0, Objects.requireNonNull(of(result, "long_values").after()).deadRows());
        assertEquals(6, result.tables().size());
        assertEquals(List.of(), run(endpoint).tables());
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void aStopCancelsTheTableUnderWayAndBeginsNoOther(int major) throws SQLException {
        Endpoint endpoint = database(
                major,
                "do $$ begin execute format('alter database %I set vacuum_cost_limit = 1', current_database()); end $$",
                "create table long_one as select generate_series(1, 50000) as id",
                "create table other as select generate_series(1, 1000) as id");
        night.stopWhenUnderWay = true;
        VacuumResult result = assertTimeout(
                Duration.ofSeconds(8),
                () -> new VacuumDatabase(pools, Clock.system())
                        .run(
                                endpoint,
                                POLICY,
                                new VacuumOptions(null, Duration.ofMinutes(1), Duration.ofMillis(100)),
                                night));
        assertEquals("the run was stopped", result.stopped());
        assertEquals(2, result.count(Outcome.STOPPED));
        assertEquals(
                List.of("cancelled under way: the run was stopped", "not begun: the run was stopped"),
                result.tables().stream().map(TableResult::reason).toList());
    }

    @Test
    void aServerThatHangsKeepsNoSessionOnceTheVacuumIsGivenUp() throws Exception {
        Endpoint endpoint = database(
                18,
                "do $$ begin execute format('alter database %I set vacuum_cost_limit = 1', current_database()); end $$",
                "create table long_one as select generate_series(1, 500000) as id");
        try (var proxy = CuttingProxy.to(endpoint.port(), new Random(1))) {
            var through =
                    Endpoint.local(proxy.port(), endpoint.database(), server(18).user(), server(18)::password);
            var options = new VacuumOptions(null, Duration.ofMinutes(10), Duration.ofMillis(100));
            CompletableFuture<VacuumResult> run = CompletableFuture.supplyAsync(
                    () -> new VacuumDatabase(pools, Clock.system()).run(through, POLICY, options, night));
            Eventually.isTrue("the vacuum", Duration.ofSeconds(20), () -> vacuums(endpoint.database()) == 1);
            proxy.mute();
            night.stopWhenUnderWay = true;
            Thread.sleep(3_000);
            assertFalse(run.isDone(), "a cancel does not arrive");
            Objects.requireNonNull(night.abort).close();
            assertThrows(ExecutionException.class, () -> run.get(30, TimeUnit.SECONDS));
            Eventually.isTrue("its end on the server", Duration.ofSeconds(20), () -> vacuums(endpoint.database()) == 0);
        }
    }

    private static int vacuums(String database) {
        try (Connection connection = server(18).connect("postgres");
                var query = connection.prepareStatement(
                        "select count(*) from pg_stat_activity where datname = ? and query like 'vacuum (%'")) {
            query.setString(1, database);
            try (var row = query.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void afterTheWindowsEndNothingIsBegun() throws SQLException {
        Endpoint endpoint = database(18, "create table late as select generate_series(1, 1000) as id");
        TestClock clock = new TestClock();
        VacuumResult result =
                new VacuumDatabase(pools, clock).run(endpoint, POLICY, VacuumOptions.until(clock.now()), night);
        assertEquals(Outcome.STOPPED, only(result).outcome());
        assertEquals(List.of(), result.failed(), "the next window goes on");
        assertTrue(String.valueOf(result.stopped()).contains("window ended"));
        assertNull(only(result).before());
    }

    @Test
    void aRunWaitsUntilAnotherOneNoLongerVacuumsTheDatabase() throws Exception {
        Endpoint endpoint = database(18, "create table mine as select generate_series(1, 1000) as id");
        CompletableFuture<VacuumResult> run;
        try (Session other = pools.open(endpoint, Deadlines.interactive(), "other")) {
            assertTrue(other.tryLock(VacuumDatabase.WORK));
            run = CompletableFuture.supplyAsync(() -> run(endpoint));
            Eventually.isTrue("word of what it waits for", Duration.ofSeconds(20), () -> night.waits != null);
            Thread.sleep(2_500);
            assertFalse(run.isDone(), "while the other one holds the lock");
            assertEquals(List.of(), night.progress);
        }
        assertEquals(Outcome.DONE, only(run.get(30, TimeUnit.SECONDS)).outcome());
        assertNull(night.waits);
    }

    @Test
    void aRunThatCouldNotBeginBeforeTheWindowsEndIsLeftOut() throws SQLException {
        Endpoint endpoint = database(18);
        TestClock clock = new TestClock();
        try (Session other = pools.open(endpoint, Deadlines.interactive(), "other")) {
            assertTrue(other.tryLock(VacuumDatabase.WORK));
            assertThrows(
                    Failure.Skippable.class,
                    () -> new VacuumDatabase(pools, clock)
                            .run(endpoint, POLICY, VacuumOptions.until(clock.now()), night));
        }
    }

    @Test
    void aTableOnItsWayToWraparoundIsFrozenAndItsAgeGoesDown() throws SQLException {
        Endpoint endpoint = database(
                18,
                "create table old as select generate_series(1, 10) as id",
                "do $$ begin for i in 1..80000 loop perform txid_current(); commit; end loop; end $$");
        TableResult old = of(run(endpoint), "old");
        assertEquals(Outcome.DONE, old.outcome());
        assertTrue(Objects.requireNonNull(old.before()).xidAge() >= 80_000);
        assertTrue(Objects.requireNonNull(old.after()).xidAge() <= 50_100, old.toString());
    }

    private static TableResult only(VacuumResult result) {
        assertEquals(1, result.tables().size(), result.toString());
        return result.tables().get(0);
    }

    private static TableResult of(VacuumResult result, String table) {
        return result.tables().stream()
                .filter(each -> each.table().endsWith("\"" + table + "\""))
                .findFirst()
                .orElseThrow(() -> new AssertionError(table + " is missing in " + result));
    }

    /** Hears what a run says, and can stop it in mid-table. */
    private static final class Night implements VacuumListener {
        private final List<String> progress = new ArrayList<>();
        private volatile boolean stopWhenUnderWay;
        private volatile boolean underWay;
        private volatile @Nullable String waits;
        private volatile @Nullable AutoCloseable abort;
        private int asked;

        @Override
        public synchronized boolean stopRequested() {
            return stopWhenUnderWay && underWay && ++asked > 3;
        }

        @Override
        public void connected(AutoCloseable cut) {
            abort = cut;
        }

        @Override
        public void waitsFor(@Nullable String what) {
            waits = what;
        }

        @Override
        public void progress(int done, int total, @Nullable String table) {
            underWay = table != null;
            progress.add(done + "/" + total + (table == null ? "" : " " + table));
        }

        @Override
        public void log(System.Logger.Level level, String line) {
            assertTrue(!line.isBlank());
        }

        @Override
        public void finished(TableResult result) {
            assertNotNull(result.outcome());
        }
    }
}
