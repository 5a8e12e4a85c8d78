package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Runs of many servers that begin at the same time on a node with a small heap: those there is no room for wait, and all complete. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ManyBackupsIT {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final int RUNS = 3;

    /** As many as one run works on at once. */
    private static final int SERVERS_OF_A_RUN = 4;

    private static final String WAITS = "Waits for memory: this node moves the data of 6 targets at once";

    private final List<Postgres> sources = new ArrayList<>();
    private final Nightshift nightshift = Nightshift.prepare(
            Map.of("NIGHTSHIFT_DEMO", "false", "NIGHTSHIFT_JAVA_OPTIONS", "-Xmx384m -XX:+UseSerialGC"));
    private TestProject project;

    @BeforeAll
    void manyServers() {
        nightshift.start();
        project = TestProject.create(nightshift.admin(), "many");
        for (int i = 0; i < RUNS * SERVERS_OF_A_RUN; i++) {
            Postgres source = Postgres.start(15);
            sources.add(source);
            project.register(name(i), source, "postgres");
        }
    }

    @AfterAll
    void close() {
        nightshift.remove();
        sources.forEach(Postgres::close);
    }

    private static String name(int server) {
        return "server" + server;
    }

    @Test
    void whatTheHeapHasNoRoomForWaitsAndSaysSo() {
        List<ProcessHandle> servers = nightshift.servers();
        List<String> runs = IntStream.range(0, RUNS)
                .mapToObj(run -> project.start(
                        "backup",
                        IntStream.range(run * SERVERS_OF_A_RUN, (run + 1) * SERVERS_OF_A_RUN)
                                .mapToObj(ManyBackupsIT::name)
                                .toList(),
                        // Slow enough for all of them to be at it at the same time
                        Json.createObjectBuilder()
                                .add("checkpoint", "fast")
                                .add("rateLimitKilobytesPerSecond", 2_000)
                                .build()))
                .toList();
        Set<String> waited = new HashSet<>();
        Eventually.isTrue("all runs have ended", LONG, () -> {
            List<JsonObject> now = runs.stream().map(project::run).toList();
            now.stream()
                    .flatMap(run -> run.getJsonArray("targets").getValuesAs(JsonObject.class).stream())
                    .filter(target -> target.getString("reason", "").startsWith(WAITS))
                    .forEach(target ->
                            waited.add(target.getJsonArray("databases").toString()));
            return now.stream().allMatch(run -> TestProject.hasEnded(run.getString("status")));
        });
        for (String run : runs) {
            assertEquals("COMPLETED", project.run(run).getString("status"), () -> project.log(run));
        }
        assertTrue(waited.size() >= RUNS * SERVERS_OF_A_RUN - 6, waited + " waited");
        assertEquals(servers, nightshift.servers(), "none was started again");
        for (int i = 0; i < sources.size(); i++) {
            assertEquals(1, project.backups(name(i)).size(), name(i));
        }
    }
}
