package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
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
    private static final int SEGMENT = 16 << 20;

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
        source.execute("postgres", "select pg_switch_wal()", "insert into t values (1)", "select pg_switch_wal()");
        project.complete("backup", "main", TestProject.none());
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

    /** The names of the segments that the backup needs, in order. */
    private List<String> segments() throws IOException {
        String first =
                Lsn.parse(project.backups("main").get(0).getString("startLsn")).segmentName(1, SEGMENT);
        try (Stream<Path> files = Files.list(log)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("[0-9A-F]{24}\\..*"))
                    .map(name -> name.substring(0, 24))
                    .filter(name -> name.compareTo(first) >= 0)
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

    /** Retention deletes in the store too. */
    @Test
    void whatNoBackupNeedsIsMissedByNobody(@TempDir Path aside) throws IOException {
        String needed = segments().get(0);
        List<String> before;
        try (Stream<Path> files = Files.list(log)) {
            before = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("[0-9A-F]{24}\\..*") && name.compareTo(needed) < 0)
                    .map(name -> name.substring(0, 24))
                    .distinct()
                    .toList();
        }
        assertFalse(before.isEmpty(), "log from before the backup");
        for (String segment : before) {
            move(log, aside, segment);
        }
        assertTrue(check().getBoolean("complete"), () -> check().toString());
        assertTrue(finding().isEmpty());
        for (String segment : before) {
            move(aside, log, segment);
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
