package dev.nightshift.job.schedule;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What schedules do about missed fires, runs that are not over, days left out, and ends of other jobs. */
class PoliciesIT extends DueSchedules {
    PoliciesIT() {
        super("policies");
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

    /** Fired before, held by its window until the blackout has begun. */
    @Test
    void aRunThatWaitsForItsWindowDoesNotStartInABlackout() throws SQLException {
        LocalTime now = LocalTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.MINUTES);
        project.api()
                .post(project.path("windows"), json("""
                        {'name': 'later', 'days': ['MONDAY','TUESDAY','WEDNESDAY','THURSDAY','FRIDAY','SATURDAY','SUNDAY'],
                         'start': '%s', 'end': '%s', 'zone': 'UTC', 'databases': ['two']}
                        """.formatted(now.plusMinutes(120), now.plusMinutes(180))))
                .expect(201);
        String schedule = plan("held", "");
        project.api()
                .put(project.path("schedules/held"), json("{'databases': ['two']}"))
                .expect(200);
        missedFor(schedule, 1);
        waits(schedule, "Waits for the maintenance window later");
        LocalDate today = LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC);
        String blackout = project.api()
                .post(project.path("blackouts"), json("""
                        {'name': 'Stocktaking', 'from': '%s', 'to': '%s', 'zone': 'UTC', 'jobs': ['vacuum']}
                        """.formatted(today.minusDays(1), today.plusDays(2))))
                .expect(201)
                .object()
                .getString("id");
        waits(schedule, "Waits for the end of this: Blackout \"Stocktaking\", until ");
        project.api().delete(project.path("windows/later")).expect(204);
        // What a person starts is no schedule's
        assertEquals(
                "COMPLETED",
                project.complete("vacuum", "two", JsonValue.EMPTY_JSON_OBJECT.asJsonObject())
                        .getString("status"));
        waits(schedule, "Waits for the end of this: Blackout \"Stocktaking\", until ");
        project.api().delete(project.path("blackouts/" + blackout)).expect(204);
        settled(schedule, "COMPLETED");
    }

    private void waits(String schedule, String reason) {
        Eventually.isTrue(
                reason,
                SOON,
                () -> fires(schedule).stream()
                        .anyMatch(fire ->
                                fire.status().equals("WAITING") && fire.reason().startsWith(reason)));
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
                // A timer that looks while it is paused starts nothing, and says so; nothing else may be missed
                () -> assertTrue(
                        fires(schedule).stream()
                                .filter(fire -> fire.status().equals("MISSED"))
                                .allMatch(fire -> fire.reason().contains("Now: Paused by ")),
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
