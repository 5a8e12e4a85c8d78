package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.LogArchiving;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A project's key is exchanged and its older backup expires after that, while its log is archived: what is kept leads to every
 * moment that it led to before, and opens by the new key alone.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RotatedRetentionIT {
    private static final String NAME = "rotated";
    private static final int SEGMENT = 16 << 20;

    private Nightshift nightshift;
    private TestProject project;
    private Postgres source;
    private LogArchiving archive;

    @BeforeAll
    void anArchivedLogAndTwoBackups() throws SQLException {
        // A key goes only where each store answers, those of other tests as well
        nightshift = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false"));
        nightshift.start();
        project = TestProject.create(nightshift.admin(), "rotated-retention");
        source = Postgres.start(18, Map.of("max_wal_senders", "6", "max_replication_slots", "6", "autovacuum", "off"));
        source.execute("postgres", "create table t as select 1 as id");
        project.register(NAME, source, "postgres");
        archive = new LogArchiving(project, NAME);
        archive.begin();
    }

    @AfterAll
    void close() {
        nightshift.remove();
        source.close();
    }

    /** In a segment of its own, which the archive holds then. */
    private void row(int id) throws SQLException {
        source.execute("postgres", "insert into t values (" + id + ")", "select pg_switch_wal()");
        source.execute("postgres", "create table after_" + id + " ()"); // moments are known by what follows
        archive.awaitCovered();
    }

    /** A moment later than all rows so far, and earlier than all that follow. */
    private static JsonObject point() {
        Eventually.sleep(Duration.ofMillis(50));
        Instant now = Instant.now();
        Eventually.sleep(Duration.ofMillis(50));
        return Json.createObjectBuilder()
                .add("to", "time")
                .add("point", now.toString())
                .build();
    }

    private String take() {
        return figures(project.complete("backup", NAME, TestProject.none())).getString("backup");
    }

    @Test
    void whatIsKeptLeadsToAllItsMomentsAndNothingOfItIsDropped(@TempDir Path folder) throws Exception {
        String older = take();
        row(2);
        String newer = take();
        row(3);
        JsonObject beforeIt = point();
        row(4);

        String old = project.primaryKey();
        project.api().post(project.path("keys/rotate")).expect(200);
        project.recoveryKey(folder);
        JsonObject wrapped = project.complete("rewrap-keys", NAME, TestProject.none());
        assertEquals(3, figures(wrapped).getInt("rewrapped"), "two backups and the log");
        row(5);
        JsonObject afterIt = point();
        row(6);

        Set<String> before = log();
        JsonObject expired = project.complete(
                "expire",
                NAME,
                Json.createObjectBuilder()
                        .add("keepCount", 1)
                        .add("apply", true)
                        .build());
        assertEquals(
                List.of(newer),
                project.backups(NAME).stream().map(each -> each.getString("id")).toList());
        assertFalse(Files.exists(store().resolve(project.name()).resolve(NAME).resolve(older)));
        assertTrue(
                figures(expired).getJsonNumber("logBytesFreed").longValue() > 0,
                () -> figures(expired).toString());
        Set<String> dropped = new TreeSet<>(before);
        dropped.removeAll(log());
        String first = Lsn.parse(project.backup(newer).getString("startLsn")).segmentName(1, SEGMENT);
        assertEquals(
                List.of(),
                dropped.stream()
                        .filter(segment -> segment.compareTo(first) >= 0)
                        .toList(),
                "the kept backup begins in " + first);

        // What opens now does so without the key that all of it was stored by
        project.api().delete(project.path("keys/" + old + "?confirm=" + old)).expect(204);
        JsonObject window = project.api()
                .get(project.path("databases/" + NAME + "/recovery-window"))
                .expect(200)
                .object();
        assertTrue(window.getJsonArray("gaps").isEmpty(), window::toString);
        assertEquals("1 2 3", restored("before", beforeIt));
        assertEquals("1 2 3 4 5", restored("after", afterIt));
        assertEquals("1 2 3 4 5 6", restored("latest", TestProject.parameters("to", "latest")));
        project.complete(
                "restore-drill",
                NAME,
                Json.createObjectBuilder(afterIt).add("upTo", "restored").build());
    }

    private Path store() {
        return nightshift.data().resolve("store");
    }

    /** The names of the segments of which the archive holds anything. */
    private Set<String> log() {
        return TwoStores.objects(store().resolve(archive.location())).keySet().stream()
                .map(name -> Path.of(name).getFileName().toString())
                .filter(name -> name.matches("[0-9A-F]{24}.*"))
                .map(name -> name.substring(0, 24))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private String restored(String name, JsonObject to) throws Exception {
        Path folder =
                nightshift.data().resolve("restore").resolve("rotated-" + name).toAbsolutePath();
        project.complete(
                "restore",
                NAME,
                Json.createObjectBuilder(to).add("folder", folder.toString()).build());
        try (RestoredServer server = RestoredServer.start(Postgres.binaries(18), folder)) {
            return server.answer("postgres", source.password(), "select string_agg(id::text, ' ' order by id) from t");
        }
    }
}
