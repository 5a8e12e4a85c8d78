package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.LogArchiving;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A store that does not list the last of the log, though the catalogue counts it as stored there: nobody takes what is left for all. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UnlistedLogIT {
    private static final Duration SOON = Duration.ofMinutes(3);

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Postgres source;
    private JsonObject backup;
    private Path log;

    @BeforeAll
    void aBackupAndItsLog() throws Exception {
        project = TestProject.create(nightshift.admin(), "unlisted");
        source = Postgres.start(15, TestArchive.KEEPS);
        source.execute("postgres", "create table t as select 1 as id");
        project.register("main", source, "postgres");
        var archiving = new LogArchiving(project, "main");
        archiving.begin();
        project.complete("backup", "main", TestProject.none());
        backup = project.backups("main").get(0);
        source.execute("postgres", "select pg_switch_wal()", "insert into t values (2)");
        archiving.awaitCovered();
        log = nightshift.data().resolve("store").resolve(archiving.location());
        archiving.end();
    }

    @AfterAll
    void stop() {
        source.close();
    }

    private JsonObject plan() {
        return project.api()
                .post(
                        project.path("databases/main/restore-plan"),
                        Json.createObjectBuilder()
                                .add("to", Json.createObjectBuilder().add("latest", true))
                                .build())
                .expect(200)
                .object();
    }

    private JsonObject window() {
        return project.api()
                .get(project.path("databases/main/recovery-window"))
                .expect(200)
                .object();
    }

    private Path lastPiece() throws IOException {
        try (Stream<Path> files = Files.walk(log)) {
            return files.filter(file -> file.getFileName().toString().matches("[0-9A-F]{24}\\..*"))
                    .max(Comparator.comparing(file -> file.getFileName().toString()))
                    .orElseThrow();
        }
    }

    @Test
    void theLatestIsNotWhereAListingEndsThatLacksStoredLog(@TempDir Path aside) throws IOException {
        JsonObject whole = plan();
        assertTrue(whole.getBoolean("reachable") && whole.isNull("lacks"), whole::toString);
        Path last = lastPiece();
        String segment = last.getFileName().toString().substring(0, 24);
        Path into = nightshift.data().resolve("restore").resolve("unlisted");
        Files.move(last, aside.resolve("lost"));
        try {
            JsonObject plan = plan();
            String reason = plan.getString("reason");
            String lacks = "The store local does not list the log from ";
            assertAll(
                    () -> assertFalse(plan.getBoolean("reachable"), plan::toString),
                    () -> assertTrue(reason.contains("the store local does not list"), reason),
                    () -> assertTrue(reason.contains("the segment " + segment), reason),
                    () -> assertTrue(reason.contains("goes on to " + whole.getString("logEnds")), reason),
                    () -> assertTrue(plan.getString("remedy").startsWith("Check the store"), plan::toString),
                    () -> assertTrue(plan.getString("lacks").contains(lacks), plan::toString),
                    () -> assertTrue(window().getString("lacks").contains(lacks), () -> window().toString()));

            String restore = project.start(
                    "restore",
                    "main",
                    Json.createObjectBuilder()
                            .add("to", "latest")
                            .add("folder", into.toString())
                            .build());
            String drill = project.start("restore-drill", "main", TestProject.parameters("to", "latest"));
            for (String run : new String[] {restore, drill}) {
                JsonObject ended = project.ended(run, SOON);
                assertEquals("FAILED", ended.getString("status"), ended::toString);
                assertTrue(ended.toString().contains("the segment " + segment), ended::toString);
            }
            assertFalse(Files.exists(into), "nothing is restored");

            JsonObject before = project.complete(
                    "restore-drill",
                    "main",
                    Json.createObjectBuilder()
                            .add("to", "time")
                            .add("point", backup.getString("endedAt"))
                            .add("upTo", "readable")
                            .build());
            assertTrue(
                    project.log(before.getString("id")).contains(lacks),
                    "what does not need it is done, and warns of it");
        } finally {
            Files.move(aside.resolve("lost"), last);
        }
        assertEquals(whole.getString("logEnds"), plan().getString("logEnds"));
        JsonObject again = project.complete(
                "restore-drill",
                "main",
                Json.createObjectBuilder()
                        .add("to", "latest")
                        .add("upTo", "readable")
                        .build());
        assertFalse(project.log(again.getString("id")).contains("does not list"));
    }
}
