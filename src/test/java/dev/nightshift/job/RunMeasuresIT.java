package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.runtime.Migration;
import dev.nightshift.testing.Postgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** How long runs usually take, and how many lines their logs may have; as the application's role. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunMeasuresIT {
    private final Postgres postgres = Postgres.start(15);
    private final Connection connection;
    private final ProjectId project = new ProjectId(Ids.next(Clock.system()));

    RunMeasuresIT() throws SQLException {
        postgres.execute("postgres", "create role app login password 'app-secret'", "create database nightshift");
        Migration.run(postgres.url("nightshift"), postgres.user(), postgres.password(), "app", Path.of("liquibase"));
        connection = DriverManager.getConnection(postgres.url("nightshift"), "app", "app-secret");
        execute("select set_config('nightshift.project', ?, false)", project.toString());
        execute("insert into fleet.project (id, name, display_name) values (?, 'p', 'P')", project.value());
    }

    @AfterAll
    void stop() throws SQLException {
        connection.close();
        postgres.close();
    }

    private void execute(String sql, @Nullable Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.execute();
        }
    }

    private UUID instance() throws SQLException {
        UUID instance = Ids.next(Clock.system());
        execute("""
                insert into fleet.instance (id, project_id, name, host, port, username, tls_mode)
                values (?, ?, 'i' || md5(?::text), 'h', 5432, 'u', 'disable')
                """, instance, project.value(), instance);
        return instance;
    }

    private UUID run(String job, String status, int attempt, @Nullable Integer seconds, List<UUID> instances)
            throws SQLException {
        UUID run = Ids.next(Clock.system());
        execute("""
                insert into job.run (id, project_id, job, status, trigger, triggered_by, attempt, started_at, ended_at)
                values (?, ?, ?, ?, 'KEY', 'k', ?, now(), now() + make_interval(secs => ?))
                """, run, project.value(), job, status, attempt, seconds);
        for (UUID instance : instances) {
            execute("""
                    insert into job.target (id, project_id, run_id, instance_id, database_names, status, attempt, started_at, ended_at)
                    values (?, ?, ?, ?, '{}', ?, ?, now(), now() + make_interval(secs => ?))
                    """, Ids.next(Clock.system()), project.value(), run, instance, status, attempt, seconds);
        }
        execute(
                "update job.run set aims = job.aims(array(select aim from job.target where run_id = ?)) where id = ?",
                run,
                run);
        return run;
    }

    @Test
    void theUsualTimeOfATargetIsThatOfTheSameJobOnIt() throws SQLException {
        UUID often = instance();
        UUID seldom = instance();
        for (int seconds : new int[] {1000, 10, 20, 30, 40, 50}) {
            run("measured", "COMPLETED", 1, seconds, seconds == 1000 ? List.of(seldom) : List.of(often));
        }
        run("measured", "COMPLETED", 2, 5000, List.of(often));
        run("measured", "FAILED", 1, 5000, List.of(often));
        run("another", "COMPLETED", 1, 5000, List.of(often, seldom));
        UUID now = run("measured", "STARTED", 1, null, List.of(often, seldom));
        run("measured", "COMPLETED", 1, 5000, List.of(often, seldom));

        var usual = Usual.ofTargets(connection, now);
        assertEquals(List.of(new Usual(30_000, 48_000)), List.copyOf(usual.values()), "less than five is not measured");
        assertNull(Usual.ofRun(connection, now), "none was over both before");
    }

    @Test
    void theUsualTimeOfARunIsThatOfTheSameJobOverTheSameTargets() throws SQLException {
        UUID one = instance();
        UUID two = instance();
        UUID three = instance();
        for (int seconds : new int[] {100, 110, 120, 130, 140}) {
            run("compared", "COMPLETED", 1, seconds, List.of(one, two));
            run("compared", "COMPLETED", 1, 1, List.of(one));
            run("compared", "COMPLETED", 1, 9000, List.of(one, two, three));
            run("another", "COMPLETED", 1, 1, List.of(one, two));
        }
        run("compared", "COMPLETED", 2, 5000, List.of(one, two));
        UUID now = run("compared", "STARTED", 1, null, List.of(two, one));
        run("compared", "COMPLETED", 1, 5000, List.of(one, two));
        Usual usual = new Usual(120_000, 138_000);
        assertEquals(usual, Usual.ofRun(connection, now), "the later run is none before it");
        assertEquals(
                usual,
                RunListRepository.list(connection, RunFilter.ALL.withStatuses(Set.of(RunStatus.STARTED)), null, 50)
                        .items()
                        .stream()
                        .filter(each -> each.run().id().equals(now))
                        .findFirst()
                        .orElseThrow()
                        .run()
                        .usual());
    }

    @Test
    void onlyTheLastTwentyCount() throws SQLException {
        UUID instance = instance();
        for (int i = 0; i < 30; i++) {
            run("counted", "COMPLETED", 1, i < 10 ? 9000 : 60, List.of(instance));
        }
        UUID now = run("counted", "STARTED", 1, null, List.of(instance));
        assertEquals(new Usual(60_000, 60_000), Usual.ofRun(connection, now));
        assertEquals(
                List.of(new Usual(60_000, 60_000)),
                List.copyOf(Usual.ofTargets(connection, now).values()));
    }

    @Test
    void theUsualTimesOfAThousandTargetsAreReadAtOnce() throws SQLException {
        List<UUID> instances = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            instances.add(instance());
        }
        for (int i = 0; i < 6; i++) {
            run("wide", "COMPLETED", 1, 60, instances);
        }
        UUID now = run("wide", "STARTED", 1, null, instances);
        postgres.execute("nightshift", "analyze job.target");
        assertEquals(1000, Usual.ofTargets(connection, now).size());
        String plan = plan(now);
        assertTrue(plan.contains("Index Scan Backward using target_usual"), plan);
    }

    private String plan(UUID run) throws SQLException {
        try (var query = connection.prepareStatement("explain (analyze, buffers) " + Usual.OF_TARGETS)) {
            query.setObject(1, run);
            StringBuilder plan = new StringBuilder();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    plan.append(rows.getString(1)).append('\n');
                }
            }
            return plan.toString();
        }
    }

    private void log(UUID run, int limit, Run.Level level, String text) throws SQLException {
        RunLog.append(connection, limit, project, run, null, level, text);
    }

    private List<String> lines(UUID run, RunLog.Asked asked) throws SQLException {
        return RunLog.lines(connection, run, asked, 0, 500).items().stream()
                .map(line -> line.level() + " " + line.text())
                .toList();
    }

    @Test
    void beyondTheLimitLinesAreCountedAndWarningsGoOnToTwiceAsMany() throws SQLException {
        UUID run = run("log", "STARTED", 1, null, List.of());
        for (int i = 1; i <= 7; i++) {
            log(run, 5, Run.Level.INFO, "line " + i);
        }
        for (int i = 1; i <= 7; i++) {
            log(run, 5, i % 2 == 0 ? Run.Level.ERROR : Run.Level.WARN, "trouble " + i);
        }
        assertEquals(
                List.of(
                        "INFO line 1",
                        "INFO line 2",
                        "INFO line 3",
                        "INFO line 4",
                        "INFO line 5",
                        "WARN Further lines are left out: the limit of 5 lines of a run is reached. Warnings and errors are"
                                + " kept up to twice as many.",
                        "WARN trouble 1",
                        "ERROR trouble 2",
                        "WARN trouble 3",
                        "ERROR trouble 4",
                        "WARN trouble 5"),
                lines(run, RunLog.Asked.ALL));
        assertEquals(4, RunLog.dropped(connection, run));
        assertEquals(0, RunLog.dropped(connection, UUID.randomUUID()));
    }

    @Test
    void linesAreFoundByTheirWordsAndTheirWeight() throws SQLException {
        UUID run = run("log", "STARTED", 1, null, List.of());
        log(run, 100, Run.Level.INFO, "Received 100% of Ä_b");
        log(run, 100, Run.Level.WARN, "Slow: password=hunter2");
        log(run, 100, Run.Level.ERROR, "Connection LOST");
        assertEquals(List.of("INFO Received 100% of Ä_b"), lines(run, new RunLog.Asked(null, "RECEIVED 100%", null)));
        assertEquals(List.of("ERROR Connection LOST"), lines(run, new RunLog.Asked(null, "lost", null)));
        assertEquals(
                List.of("WARN Slow: password=***", "ERROR Connection LOST"),
                lines(run, new RunLog.Asked(null, null, Run.Level.WARN)));
        assertEquals(List.of("ERROR Connection LOST"), lines(run, new RunLog.Asked(null, null, Run.Level.ERROR)));
        assertEquals(List.of(), lines(run, new RunLog.Asked(UUID.randomUUID(), null, null)));
    }
}
