package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests for runs and schedules that must come to nothing, over REST; on servers that do not answer. */
class RequestsIT {
    private final Nightshift nightshift = Nightshift.shared();

    @Test
    void whatCannotBeAuditedDoesNotHappen() throws SQLException {
        TestProject project = project("unaudited", "one");
        String ended = project.start("vacuum", "one", JsonValue.EMPTY_JSON_OBJECT);
        project.ended(ended, Duration.ofMinutes(2));
        project.api()
                .post(project.path("schedules"), schedule("kept", "0 2 * * *"))
                .expect(201);
        List<JsonObject> runs = runs(project);
        List<JsonObject> schedules = schedules(project);
        owner("revoke insert on audit.entry from nightshift_app");
        try {
            assertAll(
                    () -> refused(project.api().post(project.path("runs"), run("vacuum", "one"))),
                    () -> refused(project.api().post(project.path("runs/" + ended + "/restart"))),
                    () -> refused(project.api().post(project.path("schedules"), schedule("added", "0 2 * * *"))),
                    () -> refused(project.api().put(project.path("schedules/kept"), schedule("kept", "30 4 * * *"))),
                    () -> refused(project.api().delete(project.path("schedules/kept?confirm=kept"))));
        } finally {
            owner("grant insert on audit.entry to nightshift_app");
        }
        assertEquals(runs, runs(project));
        assertEquals(schedules, schedules(project));
    }

    @Test
    void aRestoreOfSeveralServersIntoOneFolderIsRefused() {
        TestProject project = project("one-folder", "one", "two");
        JsonObject restore = Json.createObjectBuilder(run("restore", "*"))
                .add(
                        "parameters",
                        Json.createObjectBuilder()
                                .add(
                                        "folder",
                                        nightshift
                                                .data()
                                                .resolve("restore/both")
                                                .toString()))
                .build();
        JsonObject problem =
                project.api().post(project.path("runs"), restore).expect(400).object();
        assertTrue(problem.toString().contains("\"databases\""), problem.toString());
        assertTrue(problem.toString().contains("One folder holds one server"), problem.toString());
        JsonObject planned = Json.createObjectBuilder(restore)
                .add("name", "nightly")
                .add("cron", "0 2 * * *")
                .add("zone", "UTC")
                .build();
        project.api().post(project.path("schedules"), planned).expect(400);
        assertEquals(List.of(), runs(project));
    }

    private static void refused(Api.Answer answer) {
        assertTrue(answer.status() >= 500, answer.toString());
    }

    private static List<JsonObject> runs(TestProject project) {
        return project.api().get(project.path("runs")).expect(200).items();
    }

    private static List<JsonObject> schedules(TestProject project) {
        return project.api().get(project.path("schedules")).expect(200).items();
    }

    private static JsonObject run(String job, String database) {
        return Json.createObjectBuilder()
                .add("job", job)
                .add("databases", Json.createArrayBuilder().add(database))
                .add("parameters", JsonValue.EMPTY_JSON_OBJECT)
                .build();
    }

    private static JsonObject schedule(String name, String cron) {
        return Json.createObjectBuilder(run("vacuum", "one"))
                .add("name", name)
                .add("cron", cron)
                .add("zone", "UTC")
                .add("enabled", false)
                .build();
    }

    private void owner(String sql) throws SQLException {
        try (Connection connection = nightshift.repository().connect("nightshift_owner");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Each of its databases on an instance of its own. */
    private TestProject project(String name, String... databases) {
        TestProject project = TestProject.create(nightshift.admin(), name);
        for (String database : databases) {
            project.api()
                    .post(
                            project.path("databases"),
                            Json.createObjectBuilder()
                                    .add("name", database)
                                    .add("dbname", "postgres")
                                    .add("host", "127.0.0.1")
                                    .add("port", 1)
                                    .add("user", "nobody")
                                    .add("password", "secret")
                                    .add("tlsMode", "disable")
                                    .build())
                    .expect(201);
        }
        return project;
    }
}
