package dev.nightshift.job.schedule;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Schedules as people plan them over REST, fired by two nodes of one repository, and a run of theirs that is stopped. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScheduleIT {
    private static final Duration TWO_MINUTES = Duration.ofSeconds(150);

    private final Nightshift nightshift = Nightshift.shared();
    private final Nightshift other = nightshift.anotherNode();
    private Postgres server;
    private TestProject project;

    /** A run of a schedule, as the ledger has it. */
    private record Fire(String run, Instant at, String status, String reason) {}

    @BeforeAll
    void aServerWithAnIdleDatabaseAndOneWhoseVacuumTakesMinutes() throws SQLException {
        server = Postgres.start(17, Map.of("autovacuum", "off"));
        server.execute("postgres", "create database idle", "create database busy");
        server.execute(
                "busy",
                "create table stale as select id, repeat('x', 250) as text from generate_series(1, 60000) id",
                "delete from stale where id % 2 = 0",
                "checkpoint"); // a page that was clean costs VACUUM twenty times as much
        server.execute(
                "postgres",
                "alter role postgres in database busy set vacuum_cost_delay = '100ms'",
                "alter role postgres in database busy set vacuum_cost_limit = 10");
        project = TestProject.create(nightshift.admin(), "schedules");
        project.register("idle", server, "idle");
        project.register("busy", server, "busy");
    }

    @AfterAll
    void stop() {
        other.remove();
        server.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "vacuum | [null] | {} | databases[0]",
                "vacuum | ['idle', 'unheard'] | {} | databases[1]",
                "vacuum | ['idle', null] | {} | databases[1]",
                "vacuum | ['*', 'idle'] | {} | databases[0]",
                "vacuum | [] | {} | databases",
                "vacuum | ['idle'] | {'maxMinutes': 0} | parameters.maxMinutes",
                "restore-drill | ['idle'] | {'backup': 'unheard'} | parameters.backup",
                "unheard | ['idle'] | {} | job"
            })
    void whatCouldNotFireIsRefusedWhenItIsPlanned(String job, String databases, String parameters, String field) {
        Api.Answer answer = project.api()
                .send("POST", project.path("schedules"), """
                        {'name': 'never', 'job': '%s', 'cron': '* * * * *', 'zone': 'UTC', 'databases': %s, 'parameters': %s}
                        """.formatted(job, databases, parameters)
                        .replace('\'', '"'));
        assertEquals(field, answer.expect(400).object().getString("field"));
    }

    @Test
    void ofTwoSchedulesWithOneNameTheSlowerIsAConflict() {
        for (int i = 0; i < 5; i++) {
            JsonObject schedule = schedule("twice-" + i, "vacuum", "idle", "0 3 * * *");
            List<CompletableFuture<Integer>> answers = Stream.of(1, 2)
                    .map(each ->
                            CompletableFuture.supplyAsync(() -> post(schedule).status()))
                    .toList();
            assertEquals(
                    List.of(201, 409),
                    answers.stream().map(CompletableFuture::join).sorted().toList());
            assertEquals(409, post(schedule).status());
        }
    }

    @Test
    void twoNodesFireEachMinuteOnceAndLeaveOutWhatIsStillUnderWay() throws SQLException {
        String idle = plan(schedule("idle-each-minute", "vacuum", "idle", "* * * * *"));
        String busy = plan(schedule("busy-each-minute", "vacuum", "busy", "* * * * *"));
        other.start();
        Instant both = Instant.now();

        String open = Eventually.get(
                        "a vacuum of busy",
                        TWO_MINUTES,
                        () -> fires(busy).stream()
                                .filter(fire -> fire.status().equals("STARTED"))
                                .findFirst())
                .run();
        aBackupKeepsItsLockAndEndsOnTheServerWhenItIsStopped();

        Eventually.isTrue(
                "a minute that both nodes saw",
                TWO_MINUTES,
                () -> fires(busy).size() >= 2
                        && fires(idle).stream()
                                .anyMatch(fire ->
                                        fire.at().isAfter(both) && fire.status().equals("COMPLETED")));
        List<Fire> ofBusy = fires(busy);
        List<Fire> ofIdle = Eventually.get( // the minute that has just begun included
                "the end of every run of idle",
                Duration.ofSeconds(40),
                () -> Optional.of(fires(idle))
                        .filter(all ->
                                all.stream().allMatch(fire -> fire.status().equals("COMPLETED"))));
        assertAll(
                () -> onceAMinute(ofIdle),
                () -> onceAMinute(ofBusy),
                () -> assertEquals("SKIPPED", ofBusy.get(1).status(), ofBusy.toString()),
                () -> assertEquals(
                        "The schedule's run " + open + " was not over yet.",
                        ofBusy.get(1).reason()),
                () -> assertEquals(1, wordsOfTheEnd(ofBusy.get(1).run())),
                () -> assertEquals(2, living()));
        for (String name : List.of("idle-each-minute", "busy-each-minute")) {
            project.api()
                    .delete(project.path("schedules/" + name + "?confirm=" + name))
                    .expect(204);
        }
        aStoppedVacuumIsCancelledOnTheServerAndFinishedByARestart(open);
    }

    private void aBackupKeepsItsLockAndEndsOnTheServerWhenItIsStopped() throws SQLException {
        String run = project.start(
                "backup",
                "idle",
                Json.createObjectBuilder()
                        .add("rateLimitKilobytesPerSecond", 32)
                        .build());
        Eventually.isTrue(
                "the copying",
                Duration.ofSeconds(60),
                () -> project.currentStep(run).filter("copy"::equals).isPresent());
        assertEquals(1, count("postgres", """
                with held as materialized (select pid from pg_stat_activity where application_name = 'nightshift/lock')
                select count(*) from held where pg_terminate_backend(pid, 10000)
                """));
        Eventually.isTrue(
                "another session that holds the lock", Duration.ofSeconds(30), () -> count("postgres", """
                        select count(*) from pg_locks l join pg_stat_activity a using (pid)
                         where l.locktype = 'advisory' and a.application_name = 'nightshift/lock'
                        """) == 1);
        assertTrue(project.log(run).contains("The session that locks the target was lost."), project.log(run));
        assertEquals("copy", project.currentStep(run).orElse("none"), "the work went on");

        project.api().post(project.path("runs/" + run + "/stop")).expect(202);
        JsonObject stopped = project.ended(run, Duration.ofSeconds(30));
        assertAll(
                () -> assertEquals("STOPPED", stopped.getString("status"), stopped.toString()),
                () -> Eventually.isTrue(
                        "no replication session",
                        Duration.ofSeconds(10),
                        () -> count(
                                        "postgres",
                                        "select count(*) from pg_stat_activity where backend_type = 'walsender'")
                                == 0),
                () -> assertEquals(0, count("postgres", "select count(*) from pg_replication_slots")),
                () -> assertEquals(List.of(), project.backups("idle")));
    }

    private void aStoppedVacuumIsCancelledOnTheServerAndFinishedByARestart(String run) throws SQLException {
        assertEquals(1, vacuums(), "it still runs");
        project.api().post(project.path("runs/" + run + "/stop")).expect(202);
        JsonObject stopped = project.ended(run, Duration.ofSeconds(30));
        assertAll(
                () -> assertEquals("STOPPED", stopped.getString("status"), stopped.toString()),
                () -> assertEquals(0, vacuums(), "its statement was cancelled"),
                () -> assertEquals(
                        0, count("busy", "select count(*) from pg_locks where locktype = 'advisory'"), "locks"),
                () -> assertEquals(
                        0,
                        count("busy", "select vacuum_count from pg_stat_user_tables where relname = 'stale'"),
                        "nothing was done"));
        server.execute(
                "postgres",
                "alter role postgres in database busy reset vacuum_cost_delay",
                "alter role postgres in database busy reset vacuum_cost_limit");
        // A pooled session still has the settings that it logged in with.
        count("postgres", "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = 'busy'");
        project.api().post(project.path("runs/" + run + "/restart")).expect(202);
        JsonObject finished = project.ended(run, Duration.ofMinutes(1));
        assertAll(
                () -> assertEquals("COMPLETED", finished.getString("status"), () -> finished + project.log(run)),
                () -> assertEquals(2, finished.getInt("attempt")),
                () -> assertEquals(
                        1, count("busy", "select vacuum_count from pg_stat_user_tables where relname = 'stale'")),
                () -> project.api()
                        .post(project.path("runs/" + run + "/restart"))
                        .expect(409));
    }

    private static JsonObject schedule(String name, String job, String database, String cron) {
        JsonArray databases = Json.createArrayBuilder().add(database).build();
        return Json.createObjectBuilder()
                .add("name", name)
                .add("job", job)
                .add("cron", cron)
                .add("zone", "UTC")
                .add("databases", databases)
                .add("parameters", JsonValue.EMPTY_JSON_OBJECT)
                .build();
    }

    private Api.Answer post(JsonObject schedule) {
        return project.api().post(project.path("schedules"), schedule);
    }

    private String plan(JsonObject schedule) {
        return post(schedule).expect(201).object().getString("id");
    }

    private static void onceAMinute(List<Fire> fires) {
        for (int i = 0; i < fires.size(); i++) {
            assertEquals(
                    fires.get(0).at().plus(Duration.ofMinutes(i)), fires.get(i).at(), fires.toString());
        }
        assertEquals(0, fires.get(0).at().getEpochSecond() % 60, fires.toString());
    }

    /** Oldest first; read from the ledger, because REST does not say which minute a run is for. */
    private List<Fire> fires(String schedule) {
        try (Connection repository = nightshift.repository().connect("postgres");
                var query = repository.prepareStatement(
                        "select id, fire_at, status, reason from job.run where schedule_id = ? order by fire_at")) {
            query.setObject(1, UUID.fromString(schedule));
            List<Fire> fires = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    fires.add(new Fire(
                            rows.getString(1),
                            rows.getTimestamp(2).toInstant(),
                            rows.getString(3),
                            String.valueOf(rows.getString(4))));
                }
            }
            return fires;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private long wordsOfTheEnd(String run) throws SQLException {
        try (Connection repository = nightshift.repository().connect("postgres");
                var query = repository.prepareStatement(
                        "select count(*) from finding.outbox where kind = 'run.ended' and subject_id = ?")) {
            query.setObject(1, UUID.fromString(run));
            try (var rows = query.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        }
    }

    private long living() {
        return nightshift.admin().get("api/nodes").expect(200).array().getValuesAs(JsonObject.class).stream()
                .filter(node -> node.getBoolean("alive"))
                .count();
    }

    private long vacuums() {
        return count(
                "busy",
                "select count(*) from pg_stat_activity where state = 'active' and query ilike 'vacuum%' and datname = 'busy'");
    }

    private long count(String database, String query) {
        try (Connection connection = server.connect(database);
                var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
