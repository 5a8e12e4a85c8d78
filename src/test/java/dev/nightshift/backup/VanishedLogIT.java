package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.LogArchiving;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Log that is deleted in its store behind Nightshift's back is told when the store is looked at, whichever part of it went. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VanishedLogIT {
    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Postgres source;
    private Path log;

    @BeforeAll
    void archivedLog() throws Exception {
        project = TestProject.create(nightshift.admin(), "vanished");
        source = Postgres.start(15, TestArchive.KEEPS);
        source.execute("postgres", "create table t as select 1 as id");
        project.register("main", source, "postgres");
        var archiving = new LogArchiving(project, "main");
        archiving.begin();
        for (int segment = 0; segment < 3; segment++) {
            source.execute("postgres", "insert into t values (2)", "select pg_switch_wal()");
        }
        archiving.awaitCovered();
        log = nightshift.data().resolve("store").resolve(archiving.location());
        archiving.end();
    }

    @AfterAll
    void stop() {
        source.close();
    }

    private JsonObject check() {
        return project.api()
                .post(project.path("instances/main/wal-check"))
                .expect(200)
                .object();
    }

    /** The names of the segments, in order. */
    private List<String> segments() throws IOException {
        try (Stream<Path> files = Files.list(log)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("[0-9A-F]{24}\\..*"))
                    .map(name -> name.substring(0, 24))
                    .distinct()
                    .sorted()
                    .toList();
        }
    }

    private void move(Path from, Path to, String segment) throws IOException {
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(each -> each.getFileName().toString().startsWith(segment))
                    .toList()) {
                Files.move(file, to.resolve(file.getFileName()));
            }
        }
    }

    private Optional<JsonObject> finding() {
        return new TestArchive(project, "main").finding("is not in the store local any more");
    }

    @Test
    void theFirstAMiddleAndTheLastSegmentAreMissed(@TempDir Path aside) throws IOException {
        assertTrue(check().getBoolean("complete"), () -> check().toString());
        List<String> segments = segments();
        assertTrue(segments.size() >= 3, segments::toString);
        for (int at : new int[] {0, segments.size() / 2, segments.size() - 1}) {
            String segment = segments.get(at);
            move(log, aside, segment);
            JsonObject found = check();
            assertFalse(found.getBoolean("complete"), found::toString);
            assertEquals(1, found.getJsonArray("missing").size(), found::toString);
            JsonObject finding = finding().orElseThrow();
            assertEquals("CRITICAL", finding.getString("severity"));
            assertTrue(finding.getString("text").contains("It begins in the segment " + segment), finding::toString);

            move(aside, log, segment);
            assertTrue(check().getBoolean("complete"));
            assertTrue(finding().isEmpty(), "what is there again is missed no more");
        }
    }

    @Test
    void withoutItsDescriptionNothingOfItIsThere(@TempDir Path aside) throws IOException {
        Path description = log.resolve("archive.json");
        Files.move(description, aside.resolve("archive.json"));
        try {
            JsonObject found = check();
            assertFalse(found.getBoolean("complete"), found::toString);
            assertTrue(finding().isPresent());
        } finally {
            Files.move(aside.resolve("archive.json"), description);
        }
        assertTrue(check().getBoolean("complete"));
    }
}
