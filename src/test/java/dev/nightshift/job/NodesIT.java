package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nodes over REST: how they are, and draining by word. */
class NodesIT {
    /** Two heartbeats and a little. */
    private static final Duration SOON = Duration.ofSeconds(12);

    private final Nightshift nightshift = Nightshift.shared();
    private final Api admin = nightshift.admin();

    @AfterEach
    void takeRunsAgain() {
        admin.post("api/nodes/" + node().getString("id") + "/resume").expect(200);
        Eventually.isTrue("it is ready again", SOON, () -> ready() == 200);
    }

    @Test
    void aNodeSaysHowItIs() {
        Eventually.isTrue("it has measured itself", SOON, () -> !node().isNull("clockOffsetMillis"));
        JsonObject node = node();
        assertAll(
                () -> assertTrue(node.getBoolean("alive")),
                () -> assertTrue(node.getJsonNumber("sinceHeartbeatMillis").longValue() < 15_000, node::toString),
                () -> assertTrue(node.getJsonNumber("systemLoad").doubleValue() >= 0, node::toString),
                () -> assertTrue(
                        node.getJsonNumber("heapUsedBytes").longValue()
                                <= node.getJsonNumber("heapMaxBytes").longValue(),
                        node::toString),
                // The repository is on this machine: what differs is the measuring itself.
                () -> assertTrue(Math.abs(node.getInt("clockOffsetMillis")) < 1_000, node::toString),
                () -> assertFalse(node.getBoolean("clockOff")));
        String metrics = Eventually.get(
                "its series",
                Duration.ofSeconds(60),
                () -> java.util.Optional.of(
                                nightshift.scraper().get("metrics").expect(200).body())
                        .filter(text -> text.contains("nightshift_node_clock_offset_seconds{")));
        assertTrue(metrics.contains("nightshift_node_heartbeat_age_seconds{"), metrics);
    }

    @Test
    void aNodeThatIsAskedToDrainIsNotReadyAndTakesNoRunUntilItIsResumed() {
        TestProject project = unreachable("drained");
        String id = node().getString("id");
        JsonObject drained =
                admin.post("api/nodes/" + id + "/drain").expect(200).object();
        assertTrue(drained.getBoolean("draining") && drained.getBoolean("drainAsked"), drained::toString);
        Eventually.isTrue("it is not ready", SOON, () -> ready() == 503);
        String run = project.start("vacuum", "one", TestProject.none());
        Eventually.sleep(Duration.ofSeconds(4));
        assertEquals("QUEUED", project.run(run).getString("status"));
        assertTrue(node().getBoolean("draining"));
        admin.post("api/nodes/" + id + "/resume").expect(200);
        Eventually.isTrue("it is ready again", SOON, () -> ready() == 200);
        assertEquals("FAILED", project.ended(run, Duration.ofMinutes(2)).getString("status"));
        assertFalse(node().getBoolean("draining"));
        String audit = admin.get("api/audit?limit=20").expect(200).body();
        assertAll(
                () -> assertTrue(audit.contains("node.drain"), audit),
                () -> assertTrue(audit.contains("node.resume"), audit));
    }

    @Test
    void aNodeThatIsGoneCannotBeDrained() throws SQLException {
        String gone = UUID.randomUUID().toString();
        try (Connection connection = nightshift.repository().connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("insert into job.node (id, name, version, heartbeat_at, clock_offset_millis) values ('"
                    + gone + "', 'gone-for-good', '1', now() - interval '5 minutes', -2500)");
        }
        admin.post("api/nodes/" + gone + "/drain").expect(409);
        JsonObject node = node("gone-for-good");
        assertAll(
                () -> assertFalse(node.getBoolean("alive")),
                () -> assertTrue(node.getBoolean("clockOff"), "off by more than two seconds"),
                () -> assertEquals(-2500, node.getInt("clockOffsetMillis")));
    }

    private JsonObject node() {
        return admin.get("api/nodes").expect(200).array().getValuesAs(JsonObject.class).stream()
                .filter(node -> node.getBoolean("alive"))
                .findFirst()
                .orElseThrow();
    }

    private JsonObject node(String name) {
        return admin.get("api/nodes").expect(200).array().getValuesAs(JsonObject.class).stream()
                .filter(node -> node.getString("name").equals(name))
                .findFirst()
                .orElseThrow();
    }

    private int ready() {
        return Api.at(nightshift.https()).get("health/ready").status();
    }

    /** Its only database is on a server that nobody reaches. */
    private TestProject unreachable(String name) {
        TestProject project = TestProject.create(admin, name);
        project.api()
                .post(
                        project.path("databases"),
                        Json.createObjectBuilder()
                                .add("name", "one")
                                .add("dbname", "postgres")
                                .add("host", "127.0.0.1")
                                .add("port", 1)
                                .add("user", "nobody")
                                .add("password", "secret")
                                .add("tlsMode", "disable")
                                .build())
                .expect(201);
        return project;
    }
}
