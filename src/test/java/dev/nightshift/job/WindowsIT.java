package dev.nightshift.job;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Vacuum keeps to the maintenance windows of its databases. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WindowsIT {
    private static final Duration LONG = Duration.ofSeconds(90);
    private static final String ALL_DAYS = "['MONDAY','TUESDAY','WEDNESDAY','THURSDAY','FRIDAY','SATURDAY','SUNDAY']";

    private final Nightshift nightshift = Nightshift.shared();
    private Postgres server;
    private TestProject project;

    @BeforeAll
    void twoDatabases() throws SQLException {
        server = Postgres.start(17, Map.of("autovacuum", "off"));
        server.execute("postgres", "create database one", "create database two");
        project = TestProject.create(nightshift.admin(), "windows");
        project.register("one", server, "one");
        project.register("two", server, "two");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @AfterEach
    void noWindowIsLeft() {
        project.api()
                .get(project.path("windows"))
                .expect(200)
                .items()
                .forEach(window -> project.api()
                        .delete(project.path("windows/" + window.getString("name")))
                        .expect(204));
    }

    /** A window in UTC, so many minutes from now on. */
    private void window(String name, int fromMinutes, int toMinutes, String databases) {
        LocalTime now = LocalTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.MINUTES);
        project.api()
                .post(project.path("windows"), json("""
                        {'name': '%s', 'days': %s, 'start': '%s', 'end': '%s', 'zone': 'UTC', 'databases': %s}
                        """.formatted(
                                name, ALL_DAYS, now.plusMinutes(fromMinutes), now.plusMinutes(toMinutes), databases)))
                .expect(201);
    }

    private String vacuum(String databases, String parameters) {
        return project.api()
                .post(
                        project.path("runs"),
                        json("{'job': 'vacuum', 'databases': " + databases + ", 'parameters': " + parameters + "}"))
                .expect(202)
                .object()
                .getString("id");
    }

    @Test
    void aRunWaitsForItsWindowAndBeginsWhenItIsOpen() {
        window("later", 120, 180, "[]");
        String run = vacuum("['one']", "{}");
        JsonObject waiting = Eventually.get(
                "a run that waits",
                LONG,
                () -> Optional.of(project.run(run))
                        .filter(found -> found.getString("status").equals("WAITING")));
        assertTrue(
                waiting.getString("reason").startsWith("Waits for the maintenance window later, which opens "),
                waiting.getString("reason"));
        // What is asked for now begins all the same
        assertEquals(
                "COMPLETED",
                project.ended(vacuum("['one']", "{'outsideWindows': true}"), LONG)
                        .getString("status"));
        assertEquals("WAITING", project.run(run).getString("status"));
        project.api()
                .put(
                        project.path("windows/later"),
                        json("{'start': '%s'}"
                                .formatted(LocalTime.now(ZoneOffset.UTC)
                                        .minusMinutes(1)
                                        .truncatedTo(ChronoUnit.MINUTES))))
                .expect(200);
        assertEquals("COMPLETED", project.ended(run, LONG).getString("status"));
    }

    @Test
    void ofTwoDatabasesTheOneThatIsOpenBegins() {
        window("of-two", 120, 180, "['two']");
        String run = vacuum("['one', 'two']", "{}");
        // The run says so too, once its attempt has ended, a moment after the target that it worked on
        Eventually.isTrue("one that is done and one that waits", LONG, () -> {
            JsonObject found = project.run(run);
            var targets = found.getJsonArray("targets").getValuesAs(JsonObject.class);
            return targets.stream().anyMatch(each -> each.getString("status").equals("COMPLETED"))
                    && targets.stream().anyMatch(WindowsIT::waitsForWindow)
                    && waitsForWindow(found);
        });
        // It goes on with that one alone, as the same run
        project.api()
                .put(
                        project.path("windows/of-two"),
                        json("{'start': '%s'}"
                                .formatted(LocalTime.now(ZoneOffset.UTC)
                                        .minusMinutes(1)
                                        .truncatedTo(ChronoUnit.MINUTES))))
                .expect(200);
        JsonObject ended = project.ended(run, LONG);
        assertAll(
                () -> assertEquals("COMPLETED", ended.getString("status"), ended.toString()),
                () -> assertEquals(
                        List.of("FIRST", "WINDOW"),
                        ended.getJsonArray("attempts").getValuesAs(JsonObject.class).stream()
                                .map(attempt -> attempt.getString("cause"))
                                .toList()));
    }

    private static boolean waitsForWindow(JsonObject runOrTarget) {
        return runOrTarget.getString("reason", "").contains("maintenance window of-two");
    }

    @Test
    void whatWaitsForItsWindowCanBeStopped() {
        window("far", 120, 180, "['two']");
        String run = vacuum("['one', 'two']", "{}");
        Eventually.isTrue(
                "a run that waits",
                LONG,
                () -> project.run(run).getString("status").equals("WAITING"));
        project.api().post(project.path("runs/" + run + "/stop")).expect(202);
        assertEquals("STOPPED", project.ended(run, LONG).getString("status"));
    }

    /** A vacuum that would take minutes is cancelled when its window closes, within two of them. */
    @Test
    void theWorkEndsWhenTheWindowCloses() throws SQLException {
        // A database of its own: a pooled session has the settings that it logged in with
        server.execute("postgres", "create database slow");
        server.execute(
                "slow",
                "create table stale as select id, repeat('x', 250) as text from generate_series(1, 60000) id",
                "delete from stale where id % 2 = 0",
                "checkpoint",
                "alter role postgres in database slow set vacuum_cost_delay = '100ms'",
                "alter role postgres in database slow set vacuum_cost_limit = 10");
        project.register("slow", server, "slow");
        // Else it closes before the run has begun
        int minutes = LocalTime.now(ZoneOffset.UTC).getSecond() > 40 ? 2 : 1;
        window("short", -1, minutes, "['slow']");
        Instant began = Instant.now();
        String run = vacuum("['slow']", "{}");
        JsonObject ended = project.ended(run, Duration.ofSeconds(130));
        assertAll(
                () -> assertTrue(
                        Duration.between(began, Instant.now()).compareTo(Duration.ofSeconds(90)) < 0, "in time"),
                () -> assertEquals("COMPLETED", ended.getString("status"), ended.toString()),
                () -> assertEquals(
                        1,
                        ended.getJsonArray("targets")
                                .getJsonObject(0)
                                .getJsonObject("figures")
                                .getInt("tablesLeft"),
                        ended.toString()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'name': 'Night', 'days': ['MONDAY'], 'start': '22:00', 'end': '06:00', 'zone': 'UTC'} | name",
                "{'name': 'night', 'days': [], 'start': '22:00', 'end': '06:00', 'zone': 'UTC'} | days",
                "{'name': 'night', 'days': ['SOMEDAY'], 'start': '22:00', 'end': '06:00', 'zone': 'UTC'} | days[0]",
                "{'name': 'night', 'days': ['MONDAY'], 'start': '25:00', 'end': '06:00', 'zone': 'UTC'} | start",
                "{'name': 'night', 'days': ['MONDAY'], 'start': '22:00', 'zone': 'UTC'} | end",
                "{'name': 'night', 'days': ['MONDAY'], 'start': '22:00', 'end': '06:00', 'zone': 'Vienna'} | zone",
                "{'name': 'night', 'days': ['MONDAY'], 'start': '22:00', 'end': '06:00', 'zone': 'UTC', 'databases': ['three']} | databases[0]",
                "{'name': 'night', 'days': ['MONDAY'], 'start': '22:00', 'end': '06:00', 'zone': 'UTC', 'databases': ['one', 'tag:nobody']} | databases[1]"
            })
    void whatIsNoWindowIsRefusedByItsField(String body, String field) {
        assertEquals(
                field,
                project.api()
                        .post(project.path("windows"), json(body))
                        .expect(400)
                        .object()
                        .getString("field"));
    }
}
