package dev.nightshift.job.schedule;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What schedules do while they, their project or the fleet are paused. */
class PausesIT extends DueSchedules {
    PausesIT() {
        super("pauses");
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
        // Of no concern to what others miss in these hours
        update("delete from " + table);
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
}
