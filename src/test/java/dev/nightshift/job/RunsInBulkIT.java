package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Many runs at once, found by what they have in common; over REST, on a server that does not answer. */
class RunsInBulkIT {
    private final Nightshift nightshift = Nightshift.shared();

    @Test
    void allRunsOfAFilterAreStoppedAndRestartedOnceAndTheAuditSaysWhich() {
        TestProject project = project("bulk", "one", "two");
        Instant before = Instant.now().minusSeconds(60);
        // Each tries for half a minute.
        List<String> ones = Stream.generate(() -> project.start("vacuum", "one", JsonValue.EMPTY_JSON_OBJECT))
                .limit(3)
                .toList();
        String other = project.start("vacuum", "two", JsonValue.EMPTY_JSON_OBJECT);

        JsonObject stopped = post(project, "runs/stop?job=vacuum&database=one");
        assertEquals(3, stopped.getInt("matched"));
        assertEquals(3, stopped.getInt("done"));
        assertFalse(stopped.getBoolean("more"));
        // Where the last try has just failed, there is nothing left to stop.
        ones.forEach(id -> project.ended(id, Duration.ofMinutes(2)));
        assertFalse(
                project.run(other).getString("status").equals("STOPPED"),
                () -> project.run(other).toString());

        assertEquals(0, post(project, "runs/stop?job=vacuum&database=one").getInt("matched"), "all are over");
        JsonObject refused = post(project, "runs/stop?status=STOPPED,FAILED&database=one");
        assertEquals(3, refused.getInt("matched"));
        assertEquals(0, refused.getInt("done"));
        assertEquals(
                "This run is already over or stopping.",
                refused.getJsonArray("refused").getJsonObject(0).getString("why"));

        JsonObject restarted =
                post(project, "runs/restart?status=STOPPED,FAILED&database=one&trigger=key&from=" + before);
        assertEquals(3, restarted.getInt("done"), restarted::toString);
        ones.forEach(id -> assertEquals(2, project.run(id).getInt("attempt")));
        assertEquals(
                0, post(project, "runs/restart?status=STOPPED&database=one").getInt("matched"), "once is enough");
        post(project, "runs/stop?from=" + before);

        List<JsonObject> entries = project.api()
                .get("api/audit?project=bulk&object=runs&action=run.restart")
                .expect(200)
                .items();
        assertEquals(1, entries.size(), entries::toString);
        assertTrue(entries.get(0).toString().contains("FAILED,STOPPED"), entries::toString);
        assertTrue(entries.get(0).toString().contains("\"runs\":3"), entries::toString);
        for (String id : ones) {
            JsonObject entry = project.api()
                    .get("api/audit?project=bulk&object=" + id + "&action=run.restart")
                    .expect(200)
                    .items()
                    .get(0);
            assertEquals("run " + id, entry.getString("object"));
            assertTrue(entry.getJsonObject("details").toString().contains("FAILED,STOPPED"), entry::toString);
        }
    }

    @Test
    void withoutAFilterOrWithAWrongOneNothingIsDone() {
        TestProject project = project("bulk-refused", "one");
        String run = project.start("vacuum", "one", JsonValue.EMPTY_JSON_OBJECT);
        project.api().post(project.path("runs/stop")).expect(400);
        project.api().post(project.path("runs/stop?job=&status=")).expect(400);
        project.api().post(project.path("runs/restart?status=BROKEN")).expect(400);
        JsonObject problem = project.api()
                .post(project.path("runs/stop?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"))
                .expect(400)
                .object();
        assertEquals("to", problem.getString("field"));
        assertFalse(List.of("STOPPED", "STOPPING").contains(project.run(run).getString("status")));
        post(project, "runs/stop?job=vacuum");
    }

    @Test
    void whatWasLastAskedOfAJobIsThereToBeAskedAgain() {
        TestProject project = project("last-asked", "one", "two");
        project.api().get(project.path("runs/last")).expect(400);
        project.api().get(project.path("runs/last?job=vacuum")).expect(404);
        project.start("vacuum", "one", JsonValue.EMPTY_JSON_OBJECT);
        String run = project.start(
                "vacuum", "two", Json.createObjectBuilder().add("maxMinutes", 7).build());
        JsonObject last = project.api()
                .get(project.path("runs/last?job=vacuum"))
                .expect(200)
                .object();
        assertEquals(run, last.getString("id"));
        assertEquals("two", last.getJsonArray("databases").getString(0));
        assertEquals(7, last.getJsonObject("parameters").getInt("maxMinutes"));
        assertEquals("KEY", last.getString("trigger"));
        post(project, "runs/stop?job=vacuum");
        Eventually.get(
                "the end of the runs",
                Duration.ofMinutes(1),
                () -> Optional.of(project.api()
                                .get(project.path("runs?status=STARTED,STOPPING,QUEUED,WAITING"))
                                .items())
                        .filter(List::isEmpty));
        project.api().delete(project.path("databases/two?confirm=two")).expect(204);
        last = project.api()
                .get(project.path("runs/last?job=vacuum"))
                .expect(200)
                .object();
        assertEquals(0, last.getJsonArray("databases").size(), "it is no longer registered");
    }

    private static JsonObject post(TestProject project, String path) {
        return project.api().post(project.path(path)).expect(200).object();
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
