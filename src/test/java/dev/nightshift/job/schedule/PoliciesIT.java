package dev.nightshift.job.schedule;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What schedules do about missed fires, runs that are not over, pauses, days left out, and ends of other jobs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PoliciesIT {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Duration RUNS = Duration.ofSeconds(90);

    private final Nightshift nightshift = Nightshift.shared();
    private Postgres server;
    private TestProject project;

    @BeforeAll
    void twoDatabases() throws SQLException {
        server = Postgres.start(17, Map.of());
        server.execute("postgres", "create database one", "create database two");
        project = TestProject.create(nightshift.admin(), "policies");
        project.register("one", server, "one");
        project.register("two", server, "two");
        project.api()
                .put(project.path("databases/two"), json("{'tags': ['night']}"))
                .expect(200);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private static JsonObject json(String text) {
        try (var reader = Json.createReader(new StringReader(text.replace('\'', '"')))) {
            return reader.readObject();
        }
    }

    /** The id of a new schedule that will not fire by itself for hours. */
    private String plan(String name, String more) {
        return project.api()
                .post(project.path("schedules"), json("""
                        {'name': '%s', 'job': 'vacuum', 'cron': '%d * * * *', 'zone': 'UTC', 'databases': ['one'] %s}
                        """.formatted(
                        name,
                        Instant.now().plusSeconds(1800).atOffset(ZoneOffset.UTC).getMinute(),
                        more)))
                .expect(201)
                .object()
                .getString("id");
    }

    /** As if nobody had been there for so many hours. */
    private void missedFor(String schedule, int hours) throws SQLException {
        update("""
                update job.schedule set next_fire = next_fire - make_interval(hours => %d) where id = '%s'
                """.formatted(hours, UUID.fromString(schedule)));
    }

    private void update(String sql) throws SQLException {
        try (Connection owner = nightshift.repository().connect("postgres");
                var statement = owner.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    private record Fire(String status, String reason, Instant at) {}

    /** Oldest first. */
    private List<Fire> fires(String schedule) {
        try (Connection owner = nightshift.repository().connect("postgres");
                var query = owner.prepareStatement(
                        "select status, coalesce(reason, ''), fire_at from job.run where schedule_id = ? order by fire_at")) {
            query.setObject(1, UUID.fromString(schedule));
            List<Fire> fires = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    fires.add(new Fire(
                            rows.getString(1),
                            rows.getString(2),
                            rows.getTimestamp(3).toInstant()));
                }
            }
            return fires;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> statuses(String schedule) {
        return fires(schedule).stream().map(Fire::status).toList();
    }

    private void settled(String schedule, String... statuses) {
        Eventually.get(List.of(statuses) + " of the schedule", RUNS, () -> {
            List<String> now = statuses(schedule);
            return now.equals(List.of(statuses)) ? Optional.of(now) : Optional.empty();
        });
    }

    @ParameterizedTest
    @CsvSource({
        "skip, SKIP, SKIP, MISSED MISSED MISSED",
        "once, ONCE, SKIP, MISSED MISSED COMPLETED",
        "all-queued, ALL, QUEUE, COMPLETED COMPLETED COMPLETED",
        "all-allowed, ALL, ALLOW, COMPLETED COMPLETED COMPLETED",
        "all-skipped, ALL, SKIP, COMPLETED SKIPPED SKIPPED"
    })
    void missedFiresAreMadeUpForAsTheScheduleSays(String name, String misfire, String overlap, String statuses)
            throws SQLException {
        String schedule = plan(name, ", 'misfire': '" + misfire + "', 'overlap': '" + overlap + "'");
        missedFor(schedule, 3);
        settled(schedule, statuses.split(" "));
    }

    @Test
    void queuedRunsOfAScheduleComeOneAfterTheOther() throws SQLException {
        String schedule = plan("in-turn", ", 'misfire': 'ALL', 'overlap': 'QUEUE'");
        missedFor(schedule, 4);
        settled(schedule, "COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED");
        try (Connection owner = nightshift.repository().connect("postgres");
                var query = owner.prepareStatement("""
                        select count(*) from job.run a join job.run b on b.schedule_id = a.schedule_id and b.fire_at > a.fire_at
                         where a.schedule_id = ? and b.started_at < a.ended_at
                        """)) {
            query.setObject(1, UUID.fromString(schedule));
            try (var rows = query.executeQuery()) {
                rows.next();
                assertEquals(0, rows.getLong(1), "runs that began before an earlier one had ended");
            }
        }
    }

    @Test
    void aPausedScheduleMissesNothingAndGoesOnWithItsNextTime() throws SQLException {
        String schedule = plan("paused", ", 'misfire': 'ALL'");
        JsonObject paused = project.api()
                .post(project.path("schedules/paused/pause"), json("{'why': 'The storage is being moved.'}"))
                .expect(200)
                .object();
        assertAll(
                () -> assertEquals(
                        "The storage is being moved.",
                        paused.getJsonObject("paused").getString("why")),
                () -> assertEquals(0, paused.getJsonArray("nextFires").size()));
        // The pause began four hours ago, before anything was missed
        update("update job.schedule set paused_since = now() - interval '4 hours' where id = '" + schedule + "'");
        missedFor(schedule, 3);
        quietFor(schedule);
        JsonObject resumed = project.api()
                .post(project.path("schedules/paused/resume"))
                .expect(200)
                .object();
        assertEquals(JsonValue.NULL, resumed.get("paused"));
        Eventually.isTrue(
                "a next time that lies ahead", SOON, () -> nextFire(schedule).isAfter(Instant.now()));
        assertEquals(List.of(), statuses(schedule));
        project.api().post(project.path("schedules/paused/resume")).expect(409);
    }

    private Instant nextFire(String schedule) {
        try (Connection owner = nightshift.repository().connect("postgres");
                var query = owner.prepareStatement("select next_fire from job.schedule where id = ?")) {
            query.setObject(1, UUID.fromString(schedule));
            try (var rows = query.executeQuery()) {
                rows.next();
                return rows.getTimestamp(1).toInstant();
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Two seconds are eight looks at what is due. */
    private void quietFor(String schedule) {
        Instant until = Instant.now().plusSeconds(2);
        Eventually.isTrue("two seconds", SOON, () -> {
            assertEquals(List.of(), statuses(schedule));
            return Instant.now().isAfter(until);
        });
    }

    @Test
    void aPauseThatEndsByItselfLetsTheScheduleGoOn() throws SQLException {
        String schedule = plan("until", "");
        project.api()
                .post(
                        project.path("schedules/until/pause"),
                        json("{'why': 'Short.', 'until': '" + Instant.now().plusSeconds(600) + "'}"))
                .expect(200);
        update("update job.schedule set paused_since = now() - interval '2 hours' where id = '" + schedule + "'");
        missedFor(schedule, 1);
        quietFor(schedule);
        // As if its end had come, three hours ago
        update("""
                update job.schedule set paused_since = now() - interval '4 hours', paused_until = now() - interval '3 hours'
                 where id = '%s'
                """.formatted(schedule));
        missedFor(schedule, 1);
        settled(schedule, "COMPLETED");
    }

    @ParameterizedTest
    @CsvSource({"of-project, PROJECT, job.pause", "of-fleet, FLEET, job.fleet_pause"})
    void aPausedProjectOrFleetStartsNothing(String name, String scope, String table) throws SQLException {
        String path = scope.equals("FLEET") ? "api/pause" : project.path("pause");
        String schedule = plan(name, "");
        nightshift.admin().put(path, json("{'why': 'An audit.'}")).expect(200);
        try {
            update("update " + table + " set paused_since = now() - interval '2 hours'");
            missedFor(schedule, 1);
            quietFor(schedule);
            assertEquals(
                    "An audit.",
                    project.api()
                            .get(path)
                            .expect(200)
                            .object()
                            .getJsonObject("paused")
                            .getString("why"));
            assertEquals(
                    0,
                    project.api()
                            .get(project.path("schedules/" + name))
                            .expect(200)
                            .object()
                            .getJsonArray("nextFires")
                            .size());
        } finally {
            nightshift.admin().delete(path).expect(204);
        }
        update("update " + table
                + " set paused_since = now() - interval '4 hours', paused_until = now() - interval '3 hours'");
        missedFor(schedule, 1);
        settled(schedule, "COMPLETED");
        nightshift.admin().delete(path).expect(409);
    }

    /** What was due before the pause was missed, and the pause is why it is not made up for. */
    @Test
    void whatWasDueBeforeAPauseIsMissed() throws SQLException {
        String schedule = plan("before", "");
        project.api()
                .post(project.path("schedules/before/pause"), json("{'why': 'Now.'}"))
                .expect(200);
        missedFor(schedule, 1);
        settled(schedule, "MISSED");
        assertTrue(
                fires(schedule).get(0).reason().endsWith("Now: Paused by bootstrap: Now."),
                fires(schedule).toString());
    }

    @Test
    void aBlackoutAndADayLeftOutSkipWithTheirReason() throws SQLException {
        LocalDate today = LocalDate.ofInstant(Instant.now().minus(1, ChronoUnit.HOURS), ZoneOffset.UTC);
        String blackout = project.api()
                .post(project.path("blackouts"), json("""
                        {'name': 'Freeze', 'from': '%s', 'to': '%s', 'zone': 'UTC', 'jobs': ['vacuum']}
                        """.formatted(today, today.plusDays(2))))
                .expect(201)
                .object()
                .getString("id");
        try {
            aBlackoutShows();
        } finally {
            project.api().delete(project.path("blackouts/" + blackout)).expect(204);
        }
        String except = plan("except", ", 'except': ['" + today + "', '" + today.plusDays(1) + "']");
        missedFor(except, 1);
        settled(except, "SKIPPED");
        assertTrue(
                fires(except).get(0).reason().startsWith("The schedule leaves out "),
                fires(except).toString());
    }

    private void aBlackoutShows() throws SQLException {
        String frozen = plan("frozen", "");
        missedFor(frozen, 1);
        settled(frozen, "SKIPPED");
        assertTrue(
                fires(frozen).get(0).reason().startsWith("Blackout \"Freeze\", until "),
                fires(frozen).toString());
        JsonObject calendar =
                project.api().get(project.path("calendar")).expect(200).object();
        assertAll(
                () -> assertEquals(
                        "Freeze",
                        calendar.getJsonArray("blackouts").getJsonObject(0).getString("name")),
                () -> assertTrue(calendar.getJsonArray("fires").getValuesAs(JsonObject.class).stream()
                        .anyMatch(fire -> fire.getString("schedule").equals("frozen")
                                && fire.getString("heldBack", "").startsWith("Blackout"))),
                () -> assertTrue(calendar.getJsonArray("fires").getValuesAs(JsonObject.class).stream()
                        .anyMatch(fire -> fire.getString("schedule").equals("frozen") && fire.isNull("heldBack"))));
        JsonObject past = project.api()
                .get(project.path("calendar?from=" + Instant.now().minusSeconds(7200)))
                .expect(200)
                .object();
        assertTrue(past.getJsonArray("runs").getValuesAs(JsonObject.class).stream()
                .anyMatch(run -> run.getString("status").equals("SKIPPED")
                        && run.getString("schedule", "").equals("frozen")));
    }

    /** Vacuum of both ends; the backup follows for the database with the tag alone. */
    @Test
    void aScheduleFollowsTheDatabasesThatAJobHasDone() {
        String follower = project.api()
                .post(project.path("schedules"), json("""
                        {'name': 'follows', 'job': 'backup', 'after': 'vacuum', 'zone': 'UTC', 'databases': ['tag:night'],
                         'parameters': {'evidence': 'none'}}
                        """))
                .expect(201)
                .object()
                .getString("id");
        assertEquals(
                "after",
                project.api()
                        .post(project.path("schedules"), json("""
                                {'name': 'back', 'job': 'vacuum', 'after': 'backup', 'zone': 'UTC', 'databases': ['*']}
                                """))
                        .expect(400)
                        .object()
                        .getString("field"));
        project.complete("vacuum", "one", JsonValue.EMPTY_JSON_OBJECT.asJsonObject());
        quietFor(follower);
        String run = project.api()
                .post(project.path("runs"), json("{'job': 'vacuum', 'databases': ['one', 'tag:night']}"))
                .expect(202)
                .object()
                .getString("id");
        assertEquals("COMPLETED", project.ended(run, RUNS).getString("status"));
        settled(follower, "COMPLETED");
        JsonObject backup = project.api()
                .get(project.path("runs?job=backup"))
                .expect(200)
                .items()
                .get(0);
        assertAll(
                () -> assertEquals(
                        "two",
                        ((JsonString) backup.getJsonObject("summary")
                                        .getJsonArray("databases")
                                        .get(0))
                                .getString()),
                () -> assertTrue(
                        project.log(backup.getString("id"))
                                .contains("Starts because of the end of vacuum in run " + run),
                        project.log(backup.getString("id"))));
        project.api().delete(project.path("schedules/follows?confirm=follows")).expect(204);
    }

    /** Its node died after the last target, before the end: the end comes with the next attempt, and tells all of it. */
    @Test
    void whatWasDoneBeforeANodeDiedIsToldWithTheEnd() throws SQLException {
        String follower = project.api()
                .post(project.path("schedules"), json("""
                        {'name': 'after-backup', 'job': 'vacuum', 'after': 'backup', 'zone': 'UTC', 'databases': ['one'],
                         'overlap': 'QUEUE'}
                        """))
                .expect(201)
                .object()
                .getString("id");
        String run = project.api()
                .post(
                        project.path("runs"),
                        json("{'job': 'backup', 'databases': ['one'], 'parameters': {'evidence': 'none'}}"))
                .expect(202)
                .object()
                .getString("id");
        assertEquals("COMPLETED", project.ended(run, RUNS).getString("status"));
        settled(follower, "COMPLETED");
        // As the ledger stands when the node dies between the two: all targets done, the run not ended, nothing told
        update("update job.run set told_attempt = 0, status = 'LOST' where id = '" + run + "'");
        project.api().post(project.path("runs/" + run + "/restart")).expect(202);
        assertEquals("COMPLETED", project.ended(run, RUNS).getString("status"));
        settled(follower, "COMPLETED", "COMPLETED");
        project.api()
                .delete(project.path("schedules/after-backup?confirm=after-backup"))
                .expect(204);
    }

    /** A pause that is made longer began when it began: what fell into its first part stays left out. */
    @Test
    void aLongerPauseLeavesOutItsFirstPartToo() throws SQLException {
        String schedule = plan("longer", ", 'misfire': 'ALL'");
        String pause = project.path("schedules/longer/pause");
        project.api().post(pause, json("{'why': 'First.'}")).expect(200);
        update("update job.schedule set paused_since = now() - interval '4 hours' where id = '" + schedule + "'");
        missedFor(schedule, 3);
        project.api().post(pause, json("{'why': 'Longer.'}")).expect(200);
        project.api().post(project.path("schedules/longer/resume")).expect(200);
        Eventually.isTrue(
                "a next time that lies ahead", SOON, () -> nextFire(schedule).isAfter(Instant.now()));
        assertEquals(List.of(), statuses(schedule));
    }

    /** The timer fires while people change and pause it: no change is lost, and it is never switched off. */
    @Test
    void changesAndFiresDoNotOverwriteEachOther() throws SQLException {
        String schedule = plan("busy", ", 'overlap': 'ALLOW'");
        for (int i = 0; i < 10; i++) {
            missedFor(schedule, 1);
            project.api()
                    .put(project.path("schedules/busy"), json("{'except': ['2031-01-" + (10 + i) + "']}"))
                    .expect(200);
            project.api()
                    .post(project.path("schedules/busy/pause"), json("{'why': 'Round " + i + "'}"))
                    .expect(200);
            project.api().post(project.path("schedules/busy/resume")).expect(200);
            Eventually.isTrue(
                    "a next time that lies ahead",
                    SOON,
                    () -> nextFire(schedule).isAfter(Instant.now()));
        }
        JsonObject after =
                project.api().get(project.path("schedules/busy")).expect(200).object();
        assertAll(
                () -> assertTrue(after.getBoolean("enabled"), after.toString()),
                () -> assertEquals("2031-01-19", after.getJsonArray("except").getString(0)),
                () -> assertTrue(
                        fires(schedule).stream().noneMatch(fire -> fire.status().equals("MISSED")),
                        fires(schedule).toString()));
    }

    @Test
    void aTagThatNoDatabaseHasIsRefusedByItsPlace() {
        assertEquals(
                "databases[1]",
                project.api()
                        .post(project.path("runs"), json("{'job': 'vacuum', 'databases': ['one', 'tag:day']}"))
                        .expect(400)
                        .object()
                        .getString("field"));
    }
}
