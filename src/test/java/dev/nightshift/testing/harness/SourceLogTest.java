package dev.nightshift.testing.harness;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Clock;
import dev.nightshift.postgres.Deadlines;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.PoolSettings;
import dev.nightshift.postgres.Session;
import dev.nightshift.postgres.TargetPools;
import dev.nightshift.testing.Postgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SourceLogTest {
    private final Postgres server = Postgres.start(17, SourceLog.SETTINGS);
    private final TargetPools pools = new TargetPools(PoolSettings.standard(), Clock.system());

    @BeforeAll
    void create() throws SQLException {
        for (String database : List.of("alone", "together")) {
            server.execute("postgres", "create database " + database);
            for (String table : List.of("a", "b")) {
                server.execute(
                        database,
                        "create table " + table + " as select id from generate_series(1, 20000) id",
                        "delete from " + table + " where id % 2 = 0");
            }
        }
    }

    @AfterAll
    void close() {
        pools.close();
        server.close();
    }

    private Session session(String database) {
        return pools.open(
                Endpoint.local(server.port(), database, server.user(), server::password),
                Deadlines.maintenance(Duration.ofMinutes(1)),
                "vacuum");
    }

    private static void run(Session session, String... statements) throws SQLException {
        try (Statement statement = session.connection().createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private List<SourceLog.Use> uses(String database) {
        return SourceLog.read(server.cluster().log()).stream()
                .filter(use -> use.database().equals(database))
                .toList();
    }

    @Test
    void sessionsWhoseVacuumsTakeTurnsOverlapThoughNoStatementDoes() throws SQLException {
        try (Session early = session("together");
                Session late = session("together")) {
            run(early, "vacuum (analyze, truncate false) public.a");
            run(late, "vacuum b");
            run(early, "vacuum b");
        }
        assertAll(
                () -> assertEquals(2, uses("together").size()),
                () -> assertEquals(1, SourceLog.overlaps(uses("together")).size()));
    }

    @Test
    void sessionsOneAfterTheOtherDoNotOverlapAndSayHowEachVacuumEnded() throws SQLException {
        try (Session done = session("alone")) {
            run(done, "vacuum a");
        }
        try (Session same = session("alone")) { // the pool's connection once more
            run(same, "vacuum (skip_locked) a");
            try (Connection other = server.connect("alone")) {
                other.setAutoCommit(false);
                try (Statement lock = other.createStatement()) {
                    lock.execute("lock table b");
                    run(same, "vacuum (skip_locked) b");
                }
                other.rollback();
            }
        }
        try (Session slow = session("alone")) {
            run(slow, "set vacuum_cost_delay = 100", "set vacuum_cost_limit = 1", "set statement_timeout = '1s'");
            assertThrows(SQLException.class, () -> run(slow, "vacuum b"));
        }
        var ends = uses("alone").stream()
                .map(use -> use.vacuums().stream()
                        .map(SourceLog.Vacuum::end)
                        .map(Optional::orElseThrow)
                        .toList())
                .toList();
        assertAll(
                () -> assertEquals(
                        List.of(
                                List.of(SourceLog.End.DONE),
                                List.of(SourceLog.End.DONE, SourceLog.End.PASSED_OVER),
                                List.of(SourceLog.End.CUT_OFF)),
                        ends),
                () -> assertEquals(List.of(), SourceLog.overlaps(uses("alone"))));
    }
}
