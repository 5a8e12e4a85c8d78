package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Inventory;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A backup whose server hangs in the middle, every process of it, can be stopped and leaves no half backup. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StoppedBackupIT {
    private final Nightshift nightshift = Nightshift.shared();
    private final Inventory inventory = new Inventory(nightshift);
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void aSourceThatTakesAWhile() throws SQLException {
        source = Postgres.start(17, Map.of("wal_level", "logical", "autovacuum", "off"));
        source.execute("postgres", "create database big");
        source.execute(
                "big",
                "create table filler as select id, repeat(md5(id::text), 10) as a from generate_series(1, 300000) id");
        project = TestProject.create(nightshift.admin(), "hanging-source");
        project.register("big", source, "big");
    }

    @AfterAll
    void stop() {
        source.close();
    }

    @Test
    void aBackupOfAServerThatHangsIsStoppedAndOthersGoOnMeanwhile() throws IOException {
        String run = project.start(
                "backup",
                "big",
                Json.createObjectBuilder()
                        .add("rateLimitKilobytesPerSecond", 4_096)
                        .build());
        Eventually.isTrue(
                "the copy of run " + run,
                Duration.ofMinutes(1),
                () -> project.currentStep(run).filter("copy"::equals).isPresent()
                        && !inventory.halfBackups("hanging-source").isEmpty());
        List<ProcessHandle> frozen = processes();
        assertTrue(frozen.size() > 5, frozen::toString);
        signal("STOP", frozen);
        JsonObject stopped;
        try {
            project.api().post(project.path("runs/" + run + "/stop")).expect(202);
            // The node's own work goes on: it answers a run of another project meanwhile.
            TestProject other = TestProject.create(nightshift.admin(), "beside-hanging");
            String purge = other.api()
                    .post(
                            other.path("runs"),
                            Json.createObjectBuilder()
                                    .add("job", "purge")
                                    .add("databases", Json.createArrayBuilder())
                                    .build())
                    .expect(202)
                    .object()
                    .getString("id");
            assertEquals("COMPLETED", other.ended(purge, Duration.ofSeconds(30)).getString("status"));
            // The grace is 60 s
            stopped = project.ended(run, Duration.ofSeconds(90));
        } finally {
            signal("CONT", frozen);
        }
        assertAll(
                () -> assertEquals("STOPPED", stopped.getString("status"), stopped::toString),
                () -> Eventually.isTrue(
                        "no half backup is left",
                        Duration.ofSeconds(60),
                        () -> inventory.halfBackups("hanging-source").isEmpty()),
                () -> assertEquals(List.of(), inventory.backups("hanging-source")));
        project.api().post(project.path("runs/" + run + "/restart")).expect(202);
        JsonObject again = project.ended(run, Duration.ofMinutes(4));
        assertEquals("COMPLETED", again.getString("status"), () -> again + "\n" + project.log(run));
        assertEquals(List.of(), inventory.halfBackups("hanging-source"));
    }

    private List<ProcessHandle> processes() {
        ProcessHandle postmaster =
                ProcessHandle.of(source.cluster().pid().orElseThrow()).orElseThrow();
        return Stream.concat(postmaster.descendants(), Stream.of(postmaster)).toList();
    }

    private static void signal(String name, List<ProcessHandle> processes) throws IOException {
        for (ProcessHandle process : processes) {
            Processes.run(Duration.ofSeconds(5), "kill", "-" + name, Long.toString(process.pid()));
        }
    }
}
