package dev.nightshift.backup;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestSchedules;
import jakarta.json.JsonObject;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which databases the schedules of policies dump: where several answer for a project, each one's its own servers' alone. */
@Tag("thorough")
class PolicyDumpsIT {
    /** Nothing is due by itself for a while. */
    private final int minute =
            Instant.now().plusSeconds(1_800).atOffset(ZoneOffset.UTC).getMinute();

    private final Nightshift nightshift = Nightshift.shared();
    private final TestProject project = TestProject.create(nightshift.admin(), "policy-dumps");

    @Test
    void aPolicyDumpsAllDatabasesOfTheServersThatItAnswersForAndNoOthers() throws SQLException {
        TestSchedules schedules = new TestSchedules(nightshift, project);
        try (Postgres first = Postgres.start(15, Map.of());
                Postgres second = Postgres.start(15, Map.of())) {
            first.execute("postgres", "create database side");
            project.register("one", first, "postgres");
            project.registerOn("one", "one-side", "side");
            project.register("two", second, "postgres");
            nightshift
                    .admin()
                    .put(project.path("databases/one"), json("{'tags': ['gold']}"))
                    .expect(200);
            for (String policy :
                    List.of("{'name': 'gold', 'databases': ['tag:gold'],", "{'name': 'rest', 'databases': ['*'],")) {
                nightshift
                        .admin()
                        .post(
                                project.path("policies"),
                                json(policy + " 'schedules': [{'work': 'SCHEMA', 'cron': '" + minute
                                        + " * * * *', 'zone': 'UTC'}]}"))
                        .expect(201);
            }
            project.completed(schedules.fired("gold-schema").getString("id"));
            Set<String> ofGold = dumped();
            project.completed(schedules.fired("rest-schema").getString("id"));
            assertAll(
                    () -> assertEquals(Set.of("one", "one-side"), ofGold, "also the one without the tag"),
                    () -> assertEquals(Set.of("one", "one-side", "two"), dumped()),
                    () -> assertEquals(1, dumps("one-side").size(), "no one dumps it twice"));
        }
    }

    private List<JsonObject> dumps(String database) {
        return project.backups(database).stream()
                .filter(each -> each.getJsonArray("databases").getString(0).equals(database))
                .toList();
    }

    private Set<String> dumped() {
        return Set.of("one", "one-side", "two").stream()
                .filter(each -> !dumps(each).isEmpty())
                .collect(Collectors.toSet());
    }
}
