package dev.nightshift.job;

import dev.nightshift.runtime.Migration;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A ledger with as many runs as a large installation has after 400 days, and the questions that people ask of it. Half of the
 * runs are of one project, a fifth of the next; the third has two databases only. Read as the application's role, under row
 * level security.
 */
public final class FilledLedger implements AutoCloseable {
    private static final String APP = "app";
    private static final String PASSWORD = "app-secret";
    private static final int PROJECTS = 10;
    private static final Duration OLDEST = Duration.ofDays(400);

    private final Connection app;
    private final Instant newest;

    private FilledLedger(Connection app, Instant newest) {
        this.app = app;
        this.newest = newest;
    }

    /** Makes the repository in an empty database of the superuser's, and fills it. */
    public static FilledLedger fill(String url, String user, String password, int runs) throws SQLException {
        try (Connection owner = DriverManager.getConnection(url, user, password)) {
            execute(owner, "create role " + APP + " login password '" + PASSWORD + "'");
            Migration.run(url, user, password, APP, Path.of("liquibase"));
            // Without the triggers and checks of the single row: what they write is written for all at once below.
            execute(owner, "set session_replication_role = replica");
            execute(owner, "select setseed(0.5)");
            for (String sql : FILL.split(";\n", -1)) {
                execute(owner, sql.replace(":runs", Integer.toString(runs)));
            }
            execute(owner, "set session_replication_role = default");
            for (String table : List.of("run", "target", "attempt", "run_database", "schedule")) {
                execute(owner, "vacuum analyze job." + table);
            }
            try (var query = owner.createStatement();
                    var row = query.executeQuery("select max(created_at) from job.run")) {
                row.next();
                Instant newest = row.getTimestamp(1).toInstant();
                Connection app = DriverManager.getConnection(url, APP, PASSWORD);
                app.setAutoCommit(false);
                return new FilledLedger(app, newest);
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static final String FILL = """
            insert into fleet.project (id, name, display_name)
            select ('00000000-0000-7000-8000-0000000000' || to_char(p, 'FM00'))::uuid, 'p' || p, 'P' || p from generate_series(0, 9) p;
            insert into job.node (id, name, version) values ('00000000-0000-7000-8000-000000000099', 'node', '1');
            create temp table project as
            select p, ('00000000-0000-7000-8000-0000000000' || to_char(p, 'FM00'))::uuid as id,
                   case p when 0 then 0.5 when 1 then 0.2 when 2 then 0.1 else 0.2 / 7 end as share,
                   case p when 0 then 300 when 1 then 40 when 2 then 2 else 20 end as databases
              from generate_series(0, 9) p;
            insert into job.schedule (id, project_id, name, job, cron, zone, databases)
            select md5('s' || p || ' ' || s)::uuid, id, 's' || s, 'backup', '0 2 * * *', 'UTC', '{*}'
              from project, generate_series(0, 29) s;
            insert into job.run (id, project_id, job, status, trigger, triggered_by, schedule_id, fire_at, created_at, started_at, ended_at)
            select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
                    || 'a' || substr(md5(random()::text), 1, 15))::uuid,
                   id, case when kind < 0.4 then 'backup' when kind < 0.65 then 'restore-drill' when kind < 0.95 then 'vacuum'
                            when kind < 0.96 then 'restore' else 'purge' end,
                   case when i > most - 20 then (array['QUEUED', 'WAITING', 'STARTED', 'STOPPING'])[1 + i % 4]
                        when ending < 0.93 then 'COMPLETED' when ending < 0.95 then 'FAILED' when ending < 0.965 then 'PARTIAL'
                        when ending < 0.98 then 'SKIPPED' when ending < 0.985 then 'STOPPED' when ending < 0.99 then 'MISSED'
                        when ending < 0.9901 then 'LOST' else 'COMPLETED' end,
                   cause, 'somebody', case when cause = 'SCHEDULE' then md5('s' || p || ' ' || (i % 30))::uuid end,
                   case when cause = 'SCHEDULE' then at end, at, at + interval '1 second',
                   case when i <= most - 20 then at + make_interval(secs => 60 + 60 * random()) end
              from (select *, case when why < 0.96 then 'SCHEDULE' when why < 0.98 then 'PERSON' when why < 0.995 then 'KEY'
                                   else 'RETENTION' end as cause
                      from (select p, id, i, greatest(100, (share * :runs)::int) as most, random() as kind, random() as ending,
                                   random() as why,
                                   now() - make_interval(secs => (1 - i / greatest(100, share * :runs)) * 400 * 86400) as at
                              from project, generate_series(1, greatest(100, (share * :runs)::int)) i) dice) runs;
            insert into job.attempt (id, project_id, run_id, number, node_id, fence, taken_at)
            select gen_random_uuid(), project_id, id, 1, '00000000-0000-7000-8000-000000000099', 1, started_at from job.run;
            insert into job.target (id, project_id, run_id, instance_id, database_id, database_names, status, reason, attempt, figures,
                                    started_at, ended_at, job, aim)
            select gen_random_uuid(), r.project_id, r.id, md5('d' || p || ' ' || d)::uuid, null, array['db' || d],
                   case r.status when 'QUEUED' then 'WAITING' when 'STOPPING' then 'STARTED' when 'PARTIAL' then 'FAILED'
                        when 'MISSED' then 'SKIPPED' else r.status end,
                   case when r.status in ('FAILED', 'PARTIAL') then 'The connection was lost.' end, 1,
                   '{"storedBytes": 7000000, "sizeBytes": 9000000}', r.started_at, r.ended_at, r.job,
                   md5('d' || p || ' ' || d)::uuid
              from (select r.*, p, databases, (random() * databases)::int as first, 1 + (random() * 2)::int as targets
                      from job.run r join project on project.id = r.project_id) r,
                   generate_series(0, least(targets, databases) - 1) k, lateral (select (first + k) % databases as d) chosen;
            insert into job.run_database (project_id, name, run_id)
            select distinct project_id, each.name, run_id from job.target, unnest(database_names) as each (name)
            """;

    /** The project of the given number, by size: 0 is the largest. */
    public static UUID project(int number) {
        return UUID.fromString("00000000-0000-7000-8000-0000000000" + (number < PROJECTS ? "0" + number : number));
    }

    /** What people ask, in words, with the filter; a database of the project has the number. */
    static Map<String, RunFilter> questions(int database, Instant now) {
        String db = "db" + database;
        Instant old = now.minus(OLDEST.dividedBy(2));
        Map<String, RunFilter> all = new LinkedHashMap<>();
        all.put("no filter", RunFilter.ALL);
        all.put("status FAILED", filter(null, Set.of(RunStatus.FAILED), null, null, null));
        all.put("status LOST, rare", filter(null, Set.of(RunStatus.LOST), null, null, null));
        all.put(
                "status FAILED, PARTIAL, LOST",
                filter(null, Set.of(RunStatus.FAILED, RunStatus.PARTIAL, RunStatus.LOST), null, null, null));
        all.put("job backup", filter("backup", Set.of(), null, null, null));
        all.put("job unknown, no hit", filter("unheard-of", Set.of(), null, null, null));
        all.put("job restore, FAILED", filter("restore", Set.of(RunStatus.FAILED), null, null, null));
        all.put("job purge, LOST", filter("purge", Set.of(RunStatus.LOST), null, null, null));
        all.put("database", filter(null, Set.of(), db, null, null));
        all.put("database unknown, no hit", filter(null, Set.of(), "unheard-of", null, null));
        all.put("database, FAILED", filter(null, Set.of(RunStatus.FAILED), db, null, null));
        all.put("database, LOST, rare", filter(null, Set.of(RunStatus.LOST), db, null, null));
        all.put(
                "database, FAILED, PARTIAL, LOST",
                filter(null, Set.of(RunStatus.FAILED, RunStatus.PARTIAL, RunStatus.LOST), db, null, null));
        all.put("database, job restore", filter("restore", Set.of(), db, null, null));
        all.put("database, job unknown, no hit", filter("unheard-of", Set.of(), db, null, null));
        all.put("database, job backup, FAILED", filter("backup", Set.of(RunStatus.FAILED), db, null, null));
        all.put("database, PERSON", filter(null, Set.of(), db, RunRequest.Trigger.PERSON, null));
        all.put("trigger PERSON", filter(null, Set.of(), null, RunRequest.Trigger.PERSON, null));
        all.put("trigger START, no hit", filter(null, Set.of(), null, RunRequest.Trigger.START, null));
        all.put("trigger KEY, LOST", filter(null, Set.of(RunStatus.LOST), null, RunRequest.Trigger.KEY, null));
        all.put("trigger PERSON, job restore", filter("restore", Set.of(), null, RunRequest.Trigger.PERSON, null));
        all.put("schedule", filter(null, Set.of(), null, null, "s" + database % 30));
        all.put("schedule, FAILED", filter(null, Set.of(RunStatus.FAILED), null, null, "s" + database % 30));
        all.put("schedule, LOST", filter(null, Set.of(RunStatus.LOST), null, null, "s" + database % 30));
        all.put("last day", within(RunFilter.ALL, now.minus(Duration.ofDays(1)), null));
        all.put("a week 200 days ago", within(RunFilter.ALL, old, old.plus(Duration.ofDays(7))));
        all.put("a week 200 days ago, FAILED", within(all.get("status FAILED"), old, old.plus(Duration.ofDays(7))));
        all.put("a week 200 days ago, database", within(all.get("database"), old, old.plus(Duration.ofDays(7))));
        all.put("before 200 days ago, database, LOST", within(all.get("database, LOST, rare"), null, old));
        return all;
    }

    private static RunFilter filter(
            @Nullable String job,
            Set<RunStatus> statuses,
            @Nullable String database,
            RunRequest.@Nullable Trigger trigger,
            @Nullable String schedule) {
        return new RunFilter(job, statuses, database, trigger, schedule, null, null);
    }

    private static RunFilter within(@Nullable RunFilter filter, @Nullable Instant from, @Nullable Instant to) {
        if (filter == null) {
            throw new IllegalArgumentException("No such question");
        }
        return new RunFilter(
                filter.job(), filter.statuses(), filter.database(), filter.trigger(), filter.schedule(), from, to);
    }

    Instant newest() {
        return newest;
    }

    /** As the application asks: within a transaction of the project. */
    List<RunSummary> page(UUID project, RunFilter filter, @Nullable UUID after, int limit) throws SQLException {
        begin(project);
        try {
            return RunListRepository.list(app, filter, after, limit).items();
        } finally {
            app.commit();
        }
    }

    Connection begin(UUID project) throws SQLException {
        try (var set = app.prepareStatement("select set_config('nightshift.project', ?, true)")) {
            set.setString(1, project.toString());
            set.execute();
        }
        return app;
    }

    /** How long each page took, in milliseconds: by question, each asked so often, of the three largest projects by turns. */
    public Map<String, List<Double>> measure(int rounds) throws SQLException {
        Map<String, List<Double>> took = new LinkedHashMap<>();
        for (int round = -2; round < rounds; round++) {
            int number = Math.floorMod(round, 3);
            int database = (Math.floorMod(round, 97) * 31) % (number == 0 ? 300 : number == 1 ? 40 : 2);
            for (var question : questions(database, newest).entrySet()) {
                time(took, round, question.getKey(), project(number), question.getValue(), null);
            }
            UUID middle = new UUID(newest.minus(Duration.ofDays(30L + round)).toEpochMilli() << 16, 0);
            time(took, round, "a page in the middle", project(number), RunFilter.ALL, middle);
        }
        return took;
    }

    private void time(
            Map<String, List<Double>> took,
            int round,
            String question,
            UUID project,
            RunFilter filter,
            @Nullable UUID after)
            throws SQLException {
        long began = System.nanoTime();
        page(project, filter, after, 50);
        if (round >= 0) {
            took.computeIfAbsent(question, each -> new ArrayList<>()).add((System.nanoTime() - began) / 1e6);
        }
    }

    @Override
    public void close() throws SQLException {
        app.close();
    }
}
