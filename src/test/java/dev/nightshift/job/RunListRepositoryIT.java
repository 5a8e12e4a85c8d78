package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Page;
import dev.nightshift.runtime.Migration;
import dev.nightshift.testing.Postgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Lists of runs, on a repository of the oldest version. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunListRepositoryIT {
    private final Postgres postgres = Postgres.start(15);
    private final Connection connection;
    private final UUID project = Ids.next(Clock.system());

    RunListRepositoryIT() throws SQLException {
        postgres.execute("postgres", "create role app", "create database nightshift");
        Migration.run(postgres.url("nightshift"), postgres.user(), postgres.password(), "app", Path.of("liquibase"));
        connection = postgres.connect("nightshift");
        execute("insert into fleet.project (id, name, display_name) values (?, 'p', 'P')", project);
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

    private UUID run(String job, String status) throws SQLException {
        UUID run = Ids.next(Clock.system());
        execute(
                "insert into job.run (id, project_id, job, status, trigger, triggered_by) values (?, ?, ?, ?, 'KEY', 'k')",
                run,
                project,
                job,
                status);
        return run;
    }

    /** On an instance of its own. */
    private UUID target(UUID run, String names, String status, @Nullable String reason, String figures)
            throws SQLException {
        UUID instance = Ids.next(Clock.system());
        execute("""
                insert into fleet.instance (id, project_id, name, host, port, username, tls_mode)
                values (?, ?, 'i' || md5(?::text), 'h', 5432, 'u', 'disable')
                """, instance, project, instance);
        UUID target = Ids.next(Clock.system());
        execute("""
                insert into job.target (id, project_id, run_id, instance_id, database_names, status, reason, figures)
                values (?, ?, ?, ?, ?::text[], ?, ?, ?::jsonb)
                """, target, project, run, instance, names, status, reason, figures);
        return target;
    }

    private void step(UUID target, int position, String status) throws SQLException {
        execute(
                "insert into job.step (project_id, target_id, name, position, status) values (?, ?, ?, ?, ?)",
                project,
                target,
                "step " + position,
                position,
                status);
    }

    private RunSummary listed(UUID run) throws SQLException {
        return RunListRepository.list(connection, RunFilter.ALL, null, 100).items().stream()
                .filter(summary -> summary.run().id().equals(run))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void targetsAreCountedTheFirstOfTheirDatabasesNamedAndTheirFiguresAddedUp() throws SQLException {
        UUID run = run("restore-drill", "PARTIAL");
        target(run, "{d,c}", "COMPLETED", null, """
                {"storedBytes": 7, "level": "MATCHED", "backup": "one", "more": 1}""");
        target(run, "{g}", "FAILED", "The first reason.", "{}");
        target(run, "{f,e}", "FAILED", "The second reason.", "{}");
        target(run, "{b,a,d}", "COMPLETED", null, """
                {"storedBytes": 9000000000, "level": "MATCHED", "backup": "two"}""");
        RunSummary summary = listed(run);
        assertEquals(Map.of(TargetStatus.COMPLETED, 2L, TargetStatus.FAILED, 2L), summary.targets());
        assertEquals(List.of("c", "d", "g", "e", "f"), summary.databases());
        assertEquals(7, summary.databaseCount());
        assertEquals("The first reason.", summary.reason());
        assertEquals(JsonText.object("""
                        {"level": "MATCHED", "more": 1, "storedBytes": 9000000007}"""), summary.figures());
        assertNull(summary.progress(), "it is over");
        assertEquals(List.of(), summary.run().targets());
    }

    @Test
    void aRunAtWorkSaysWhichShareOfItsStepsIsDone() throws SQLException {
        UUID run = run("backup", "STARTED");
        UUID target = target(run, "{a}", "STARTED", null, "{}");
        execute("update job.target set progress_done = 30, progress_total = 60 where id = ?", target);
        step(target, 0, "COMPLETED");
        step(target, 1, "STARTED");
        step(target, 2, "WAITING");
        assertEquals(0.5, listed(run).progress());
    }

    /** A name is given again after a schedule was deleted, as often as people like. */
    @Test
    void theRunsOfAllSchedulesThatHadTheNameAreFound() throws SQLException {
        int schedules = 25;
        for (int i = 0; i < schedules; i++) {
            UUID schedule = Ids.next(Clock.system());
            execute("""
                    insert into job.schedule (id, project_id, name, job, cron, zone, databases, deleted_at)
                    values (?, ?, 'again', 'backup', '0 2 * * *', 'UTC', '{*}', now() - make_interval(hours => ?))
                    """, schedule, project, i);
            UUID run = run("backup", i % 2 == 0 ? "COMPLETED" : "FAILED");
            execute(
                    "update job.run set trigger = 'SCHEDULE', schedule_id = ?, fire_at = now() where id = ?",
                    schedule,
                    run);
        }
        RunFilter filter = new RunFilter(null, Set.of(), null, null, "again", null, null);
        assertEquals(schedules, RunIds.find(connection, filter, null, 100).size());
        RunFilter ended = filter.withStatuses(Set.of(RunStatus.COMPLETED, RunStatus.FAILED));
        List<UUID> first = RunIds.find(connection, ended, null, 20);
        List<UUID> rest = RunIds.find(connection, ended, first.get(19), 20);
        assertEquals(
                schedules,
                new java.util.HashSet<>(List.of(first, rest).stream()
                                .flatMap(List::stream)
                                .toList())
                        .size());
        assertEquals(5, rest.size());
    }

    @Test
    void aRunWithoutTargetsIsListedToo() throws SQLException {
        RunSummary missed = listed(run("vacuum", "MISSED"));
        assertEquals(Map.of(), missed.targets());
        assertEquals(List.of(), missed.databases());
        assertNull(missed.reason());
    }

    @Test
    void pagesGoFromTheNewestToTheOldestAndTakeOnlyWhatTheFilterAdmits() throws SQLException {
        UUID older = run("paged", "COMPLETED");
        target(older, "{filtered}", "COMPLETED", null, "{}");
        UUID newer = run("paged", "COMPLETED");
        target(newer, "{filtered}", "COMPLETED", null, "{}");
        run("paged", "FAILED");
        var filter = new RunFilter("paged", Set.of(RunStatus.COMPLETED), "filtered", null, null, null, null);
        Page<RunSummary> first = RunListRepository.list(connection, filter, null, 1);
        assertEquals(newer, first.items().get(0).run().id());
        assertEquals(newer.toString(), first.next());
        Page<RunSummary> second = RunListRepository.list(connection, filter, newer, 1);
        assertEquals(older, second.items().get(0).run().id());
        assertNull(second.next());
    }
}
