package dev.nightshift.job.schedule;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** A project with two databases, and schedules in it that are due when a test says so. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class DueSchedules {
    static final Duration SOON = Duration.ofSeconds(20);
    static final Duration RUNS = Duration.ofSeconds(90);

    final Nightshift nightshift = Nightshift.shared();
    Postgres server;
    TestProject project;
    private final String projectName;

    DueSchedules(String projectName) {
        this.projectName = projectName;
    }

    @BeforeAll
    void twoDatabases() throws SQLException {
        server = Postgres.start(17, Map.of());
        server.execute("postgres", "create database one", "create database two");
        project = TestProject.create(nightshift.admin(), projectName);
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

    /** The id of a new schedule that will not fire by itself for hours. */
    String plan(String name, String more) {
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
    void missedFor(String schedule, int hours) throws SQLException {
        update("""
                update job.schedule set next_fire = next_fire - make_interval(hours => %d) where id = '%s'
                """.formatted(hours, UUID.fromString(schedule)));
    }

    void update(String sql) throws SQLException {
        try (Connection owner = nightshift.repository().connect("postgres");
                var statement = owner.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    record Fire(String status, String reason, Instant at) {}

    /** Oldest first. */
    List<Fire> fires(String schedule) {
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

    List<String> statuses(String schedule) {
        return fires(schedule).stream().map(Fire::status).toList();
    }

    void settled(String schedule, String... statuses) {
        try {
            Eventually.isTrue(
                    List.of(statuses) + " of the schedule",
                    RUNS,
                    () -> statuses(schedule).equals(List.of(statuses)));
        } catch (AssertionError late) {
            throw new AssertionError(late.getMessage() + ", but " + fires(schedule), late);
        }
    }

    Instant nextFire(String schedule) {
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
    void quietFor(String schedule) {
        Instant until = Instant.now().plusSeconds(2);
        Eventually.isTrue("two seconds", SOON, () -> {
            assertEquals(List.of(), statuses(schedule));
            return Instant.now().isAfter(until);
        });
    }
}
