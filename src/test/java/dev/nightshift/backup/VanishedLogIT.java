package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Log that is deleted in its store behind Nightshift's back is told when the store is looked at, whichever part of it went, and
 * nothing is restored to the latest moment that what is left shows.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VanishedLogIT {
    private static final int SEGMENT = 16 << 20;

    private static final Duration SOON = Duration.ofMinutes(3);

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

    /** The segments that are stored, in order, each with its objects. */
    private SortedMap<String, List<Path>> segments() throws IOException {
        try (Stream<Path> files = Files.walk(log)) {
            return files.filter(file -> file.getFileName().toString().matches("[0-9A-F]{24}\\..*"))
                    .collect(Collectors.groupingBy(
                            file -> file.getFileName().toString().substring(0, 24), TreeMap::new, Collectors.toList()));
        }
    }

    /** The first one that the backup needs. */
    private String needed() {
        return Lsn.parse(project.backups("main").get(0).getString("startLsn")).segmentName(1, SEGMENT);
    }

    private static void move(List<Path> objects, Path aside, boolean back) throws IOException {
        for (Path object : objects) {
            Path there = aside.resolve(object.getFileName());
            Files.move(back ? there : object, back ? object : there);
        }
    }

    private Optional<JsonObject> finding() {
        return new TestArchive(project, "main").finding("is not in the store local any more");
    }

    @Test
    void theFirstAMiddleAndTheLastSegmentAreMissed(@TempDir Path aside) throws IOException {
        assertTrue(check().getBoolean("complete"), () -> check().toString());
        List<Map.Entry<String, List<Path>>> segments =
                List.copyOf(segments().tailMap(needed()).entrySet());
        assertTrue(segments.size() >= 3, segments::toString);
        for (int at : new int[] {0, segments.size() / 2, segments.size() - 1}) {
            String segment = segments.get(at).getKey();
            List<Path> objects = segments.get(at).getValue();
            move(objects, aside, false);
            JsonObject found = check();
            assertFalse(found.getBoolean("complete"), found::toString);
            assertEquals(1, found.getJsonArray("missing").size(), found::toString);
            JsonObject finding = finding().orElseThrow();
            assertEquals("CRITICAL", finding.getString("severity"));
            assertTrue(finding.getString("detail").contains("It begins in the segment " + segment), finding::toString);

            move(objects, aside, true);
            assertTrue(check().getBoolean("complete"));
            assertTrue(finding().isEmpty(), "what is there again is missed no more");
        }
    }

    /** Retention deletes in the store too. */
    @Test
    void whatNoBackupNeedsIsMissedByNobody(@TempDir Path aside) throws IOException {
        List<Path> before = segments().headMap(needed()).values().stream()
                .flatMap(List::stream)
                .toList();
        assertFalse(before.isEmpty(), "log from before the backup");
        move(before, aside, false);
        assertTrue(check().getBoolean("complete"), () -> check().toString());
        assertTrue(finding().isEmpty());
        move(before, aside, true);
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

    private JsonObject window() {
        return project.api()
                .get(project.path("databases/main/recovery-window"))
                .expect(200)
                .object();
    }

    /** Nobody takes what is left for all. */
    @Test
    void theLatestIsNotWhereAListingEndsThatLacksStoredLog(@TempDir Path aside) throws IOException {
        JsonObject whole = project.planToLatest("main");
        assertTrue(whole.getBoolean("reachable") && whole.isNull("lacks"), whole::toString);
        String segment = segments().lastKey();
        List<Path> last = Objects.requireNonNull(segments().get(segment));
        Path into = nightshift.data().resolve("restore").resolve("vanished");
        move(last, aside, false);
        try {
            JsonObject plan = project.planToLatest("main");
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
                            .add("point", project.backups("main").get(0).getString("endedAt"))
                            .add("upTo", "readable")
                            .build());
            assertTrue(
                    project.log(before.getString("id")).contains(lacks),
                    "what does not need it is done, and warns of it");
        } finally {
            move(last, aside, true);
        }
        assertEquals(whole.getString("logEnds"), project.planToLatest("main").getString("logEnds"));
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
