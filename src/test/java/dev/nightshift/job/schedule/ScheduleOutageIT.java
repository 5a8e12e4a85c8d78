package dev.nightshift.job.schedule;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The repository is away for a minute while schedules fire: each time has its run, once. With {@code ./mvnw -Pchaos verify}. */
@Tag("chaos")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScheduleOutageIT {
    private static final int SCHEDULES = 20;
    private static final Duration TWO_MINUTES = Duration.ofSeconds(130);

    private final Nightshift nightshift = Nightshift.shared();
    private Postgres server;
    private TestProject project;

    @BeforeAll
    void schedulesOfEachMinute() throws SQLException {
        server = Postgres.start(17, Map.of());
        server.execute("postgres", "create database one");
        project = TestProject.create(nightshift.admin(), "outage");
        project.register("one", server, "one");
        for (int i = 0; i < SCHEDULES; i++) {
            project.api()
                    .post(
                            project.path("schedules"),
                            Json.createObjectBuilder()
                                    .add("name", "minute-" + i)
                                    .add("job", "vacuum")
                                    .add("cron", "* * * * *")
                                    .add("zone", "UTC")
                                    .add("databases", Json.createArrayBuilder().add("one"))
                                    .add("misfire", i % 2 == 0 ? "ALL" : "ONCE")
                                    .add("overlap", "ALLOW")
                                    .build())
                    .expect(201);
        }
    }

    @AfterAll
    void stop() {
        for (int i = 0; i < SCHEDULES; i++) {
            project.api()
                    .delete(project.path("schedules/minute-" + i + "?confirm=minute-" + i))
                    .expect(204);
        }
        server.close();
    }

    @Test
    void noFireIsLostAndNoneIsDoubled() throws SQLException {
        Eventually.isTrue("a first minute of all", TWO_MINUTES, () -> fires().size() >= SCHEDULES);
        nightshift.repository().stop();
        Instant away = Instant.now();
        try {
            Eventually.sleep(Duration.ofSeconds(60));
        } finally {
            nightshift.repository().start();
        }
        Instant back = Instant.now();
        Eventually.isTrue(
                "a minute after the outage, of all",
                TWO_MINUTES,
                () -> fires().stream().filter(fire -> fire.at().isAfter(back)).count() >= SCHEDULES);
        List<Fire> fires = fires();
        Instant first = fires.get(0).at();
        long minutes =
                ChronoUnit.MINUTES.between(first, fires.get(fires.size() - 1).at()) + 1;
        assertAll(
                () -> assertTrue(
                        fires.stream()
                                .anyMatch(fire ->
                                        fire.at().isAfter(away) && fire.at().isBefore(back)),
                        "a minute within the outage"),
                () -> assertEquals(minutes * SCHEDULES, fires.size(), "a run for each minute of each schedule"),
                () -> assertEquals(
                        List.of(),
                        fires.stream()
                                .filter(fire -> fire.status().equals("MISSED") && !fire.once())
                                .toList(),
                        "those of ALL all started"));
    }

    private record Fire(String schedule, Instant at, String status, boolean once) {}

    /** By their time. */
    private List<Fire> fires() {
        try (Connection owner = nightshift.repository().connect("postgres");
                var query = owner.prepareStatement("""
                        select s.name, r.fire_at, r.status, s.misfire = 'ONCE'
                          from job.run r join job.schedule s on s.id = r.schedule_id join fleet.project p on p.id = r.project_id
                         where p.name = ? order by r.fire_at
                        """)) {
            query.setString(1, project.name());
            List<Fire> fires = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    fires.add(new Fire(
                            rows.getString(1),
                            rows.getTimestamp(2).toInstant(),
                            rows.getString(3),
                            rows.getBoolean(4)));
                }
            }
            return fires;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
