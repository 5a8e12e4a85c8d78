package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Seed;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Two nodes on one repository are killed and paused by chance while runs and schedules are under way: no target is done
 * twice, none is forgotten, and every run ends. A trigger in the repository watches, so that the ledger is not its own
 * witness.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoNodesIT {
    private static final String PROJECT = "two-nodes";
    private static final int DATABASES = 12;
    private static final int EACH = 4;

    private final Nightshift first = Nightshift.shared();
    private final Nightshift second = first.anotherNode();
    private final Random random = Seed.of("TwoNodesIT");
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void databasesWhoseVacuumTakesAWhile() throws SQLException {
        source = Postgres.start(17, Map.of("autovacuum", "off"));
        project = TestProject.create(first.admin(), PROJECT);
        for (int i = 0; i < DATABASES; i++) {
            source.execute("postgres", "create database d" + i);
            stale("d" + i, "stale");
            if (i == 0) {
                project.register("d0", source, "d0");
            } else {
                project.registerOn("d0", "d" + i, "d" + i);
            }
        }
        source.execute(
                "postgres",
                "alter role postgres set vacuum_cost_delay = '20ms'",
                "alter role postgres set vacuum_cost_limit = 200");
        repository(
                "create table public.completed (target uuid not null, attempt int not null)",
                "create function public.note_completed() returns trigger language plpgsql security definer"
                        + " set search_path = pg_catalog, pg_temp as $$ begin"
                        + " insert into public.completed values (new.id, new.attempt); return new; end $$",
                "create trigger note_completed after update on job.target for each row"
                        + " when (new.status = 'COMPLETED' and old.status <> 'COMPLETED')"
                        + " execute function public.note_completed()");
        second.start();
    }

    @AfterAll
    void stop() throws SQLException {
        try {
            second.remove();
        } finally {
            repository(
                    "drop trigger note_completed on job.target",
                    "drop function public.note_completed()",
                    "drop table public.completed",
                    "update job.schedule set enabled = false where project_id ="
                            + " (select id from fleet.project where name = '" + PROJECT + "')");
            source.close();
            if (!first.isRunning()) {
                first.start();
            }
        }
    }

    @Test
    void aNodeThatIsPausedAndOneThatIsKilledLoseAndDoubleNothing() throws Exception {
        schedule();
        List<String> runs = startRuns();
        boolean pauseFirst = random.nextBoolean();
        disturb(pauseFirst);
        runs.addAll(startRuns());
        disturb(!pauseFirst);
        allIsWell(runs);
    }

    /** The long form. */
    @Test
    @Tag("chaos")
    void tenMinutesOfItLoseAndDoubleNothing() throws Exception {
        schedule();
        List<String> runs = startRuns();
        long end = System.nanoTime() + Duration.ofMinutes(10).toNanos();
        while (System.nanoTime() < end) {
            disturb(random.nextBoolean());
            for (int i = 0; i < DATABASES; i++) {
                stale("d" + i, "stale_" + runs.size());
            }
            runs.addAll(startRuns());
        }
        allIsWell(runs);
    }

    /** Pauses a node for longer than it takes to be dead for the others, or kills it; at a random moment. */
    private void disturb(boolean pause) throws IOException {
        boolean one = random.nextBoolean();
        Nightshift victim = one ? first : second;
        Duration after = Duration.ofMillis(500 + random.nextInt(4_000));
        Duration away = pause ? Duration.ofSeconds(32 + random.nextInt(8)) : Duration.ofMillis(random.nextInt(3_000));
        System.out.println("TwoNodesIT: " + (pause ? "pause" : "kill") + " the " + (one ? "first" : "second")
                + " after " + after + " for " + away);
        Eventually.sleep(after);
        if (pause) {
            signal("STOP", victim);
            Eventually.sleep(away);
            signal("CONT", victim);
        } else {
            victim.killEverything();
            Eventually.sleep(away);
            victim.start();
        }
        Eventually.isTrue("both answer", Duration.ofMinutes(1), () -> answers(first) && answers(second));
    }

    /** A node that wakes up closes the connections that were idle meanwhile. */
    private static boolean answers(Nightshift node) {
        try {
            return Api.at(node.https()).get("health/ready").status() == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    private static void signal(String name, Nightshift node) throws IOException {
        for (ProcessHandle server : node.servers()) {
            Processes.run(Duration.ofSeconds(5), "kill", "-" + name, Long.toString(server.pid()));
        }
    }

    private List<String> startRuns() {
        List<String> runs = new ArrayList<>();
        for (int i = 0; i < DATABASES; i += EACH) {
            JsonArrayBuilder databases = Json.createArrayBuilder();
            for (int each = i; each < i + EACH; each++) {
                databases.add("d" + each);
            }
            var request = Json.createObjectBuilder()
                    .add("job", "vacuum")
                    .add("databases", databases)
                    .build();
            runs.add(Eventually.get("a run", Duration.ofSeconds(30), () -> start(request)));
        }
        return runs;
    }

    private Optional<String> start(JsonObject request) {
        try {
            return Optional.of(project.api()
                    .post(project.path("runs"), request)
                    .expect(202)
                    .object()
                    .getString("id"));
        } catch (UncheckedIOException e) {
            return Optional.empty(); // by a connection that the node had closed
        }
    }

    private void schedule() {
        project.api()
                .post(
                        project.path("schedules"),
                        Json.createObjectBuilder()
                                .add("name", "every-minute-" + random.nextInt(1_000_000))
                                .add("job", "vacuum")
                                .add("cron", "* * * * *")
                                .add("zone", "UTC")
                                .add(
                                        "databases",
                                        Json.createArrayBuilder().add("d0").add("d7"))
                                .add("parameters", Json.createObjectBuilder())
                                .build())
                .expect(201);
    }

    private void allIsWell(List<String> runs) throws SQLException {
        repository("update job.schedule set enabled = false where project_id = "
                + "(select id from fleet.project where name = '" + PROJECT + "')");
        String mine = " r.project_id = (select id from fleet.project where name = '" + PROJECT + "')";
        Eventually.isTrue(
                "every run ends",
                Duration.ofMinutes(5),
                () ->
                        rows("select r.id from job.run r where r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING') and"
                                        + mine)
                                .isEmpty());
        assertAll(
                () -> assertEquals(
                        List.of(),
                        rows("select r.id || ' ' || r.status || ' ' || coalesce(r.reason, '') from job.run r"
                                + " where r.status <> 'COMPLETED' and not (r.status = 'SKIPPED' and r.schedule_id is not null) and"
                                + mine),
                        "no run is forgotten"),
                () -> assertEquals(
                        List.of(),
                        rows("select t.id from job.target t join job.run r on r.id = t.run_id"
                                + " left join public.completed c on c.target = t.id where" + mine
                                + " and r.status = 'COMPLETED' group by t.id having count(c.target) <> 1"),
                        "every target was done exactly once"),
                () -> assertEquals(
                        List.of(),
                        rows(
                                "select r.schedule_id || ' ' || r.fire_at from job.run r where r.schedule_id is not null and"
                                        + mine + " group by r.schedule_id, r.fire_at having count(*) > 1"),
                        "no fire was doubled"),
                () -> assertEquals(
                        Set.of(),
                        minus(runs, rows("select r.id from job.run r where r.status = 'COMPLETED' and" + mine)),
                        "no request is forgotten"));
        System.out.println("TwoNodesIT: attempts "
                + rows(
                        "select r.status || ' ' || count(*) || ' runs, ' || sum(r.attempt) || ' attempts' from job.run r where"
                                + mine + " group by r.status order by 1"));
    }

    private static Set<String> minus(List<String> all, List<String> some) {
        Set<String> left = new HashSet<>(all);
        left.removeAll(some);
        return left;
    }

    private void stale(String database, String table) throws SQLException {
        source.execute(
                database,
                "create table " + table + " as select id, repeat('x', 300) as text from generate_series(1, 20000) id",
                "delete from " + table + " where id % 2 = 0");
    }

    private void repository(String... statements) throws SQLException {
        try (Connection connection = first.repository().connect("postgres");
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private List<String> rows(String sql) {
        try (Connection connection = first.repository().connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> all = new ArrayList<>();
            while (rows.next()) {
                all.add(rows.getString(1));
            }
            return all;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
