package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Backups that nobody wants go, with the log that only they needed, by the test's own look into the store. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ExpireIT {
    private static final String NAME = "expiring";
    private static final Duration SOON = Duration.ofSeconds(90);

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Postgres source;
    private String full;
    private String changes;
    private String second;
    private String last;

    @BeforeAll
    void aChainAndTwoFullOnesAndTheirLog() throws Exception {
        project = TestProject.create(nightshift.admin(), "expiry");
        source = Postgres.start(
                18,
                Map.of(
                        "max_wal_senders",
                        "6",
                        "max_replication_slots",
                        "6",
                        "summarize_wal",
                        "on",
                        "autovacuum",
                        "off"));
        source.execute("postgres", "create table t as select 1 as id");
        project.register(NAME, source, "postgres");
        archive(true);
        Eventually.isTrue("streaming", SOON, () -> wal().getString("state").equals("STREAMING"));
        full = take("full");
        source.execute("postgres", "insert into t values (2)", "select pg_switch_wal()");
        changes = take("incremental");
        source.execute("postgres", "insert into t values (3)", "select pg_switch_wal()");
        second = take("full");
        source.execute("postgres", "insert into t values (4)", "select pg_switch_wal()");
        last = take("full");
        source.execute("postgres", "insert into t values (5)");
        Instant now = Instant.now();
        Eventually.isTrue("the moment", SOON, () -> {
            JsonObject newest = wal().getJsonArray("stretches").getJsonObject(0);
            return !newest.isNull("coveredTo")
                    && Instant.parse(newest.getString("coveredTo")).isAfter(now);
        });
    }

    @AfterAll
    void noSlotIsLeft() {
        archive(false);
        Eventually.isTrue("off", SOON, () -> wal().getString("state").equals("OFF"));
        source.close();
    }

    private void archive(boolean enabled) {
        project.api()
                .put(
                        project.path("instances/" + NAME + "/wal"),
                        Json.createObjectBuilder()
                                .add("enabled", enabled)
                                .add("pieceSeconds", 5)
                                .build())
                .expect(200);
    }

    private JsonObject wal() {
        return project.api()
                .get(project.path("instances/" + NAME + "/wal"))
                .expect(200)
                .object();
    }

    private String take(String kind) {
        return figures(project.complete("backup", NAME, TestProject.parameters("kind", kind)))
                .getString("backup");
    }

    private static JsonObjectBuilder newest() {
        return Json.createObjectBuilder().add("keepCount", 1);
    }

    private List<String> kept() {
        return project.backups(NAME).stream().map(each -> each.getString("id")).toList();
    }

    private Path folder(String backup) {
        return nightshift
                .data()
                .resolve("store")
                .resolve("expiry")
                .resolve(NAME)
                .resolve(backup);
    }

    private static long bytes(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    @Test
    @Order(1)
    void aSimulationSaysWhatWouldGoAndTouchesNothing() {
        JsonObject run = project.complete("expire", NAME, newest().build());
        String log = project.log(run.getString("id"));
        assertAll(
                () -> assertEquals(3, figures(run).getInt("backupsGoing"), figures(run)::toString),
                () -> assertTrue(figures(run).getJsonNumber("logBytesGoing").longValue() > 0),
                () -> assertTrue(
                        log.contains(last) && log.contains("stays: it is the newest; it is one of the newest 1"), log),
                () -> assertTrue(log.contains("would go"), log),
                () -> assertEquals(List.of(last, second, changes, full), kept()),
                () -> assertTrue(Files.exists(folder(full).resolve("manifest.json"))));
    }

    @Test
    @Order(2)
    void nothingToKeepIsNoRule() {
        for (JsonObject bad : List.of(
                Json.createObjectBuilder().add("apply", true).build(),
                Json.createObjectBuilder().add("keepDays", 0).build())) {
            project.api()
                    .post(
                            project.path("runs"),
                            Json.createObjectBuilder()
                                    .add("job", "expire")
                                    .add("databases", Json.createArrayBuilder().add(NAME))
                                    .add("parameters", bad)
                                    .build())
                    .expect(400);
        }
    }

    @Test
    @Order(3)
    void whatIsOnHoldStaysWithWhatItIsBuiltOn() throws Exception {
        JsonObject held = project.api()
                .put(
                        project.path("backups/" + changes + "/hold"),
                        Json.createObjectBuilder()
                                .add("reason", "the auditors want it")
                                .build())
                .expect(200)
                .object();
        assertEquals("the auditors want it", held.getJsonObject("hold").getString("reason"));
        long bytes = bytes(folder(second));
        JsonObject run =
                project.complete("expire", NAME, newest().add("apply", true).build());
        assertAll(
                () -> assertEquals(List.of(last, changes, full), kept()),
                () -> assertFalse(Files.exists(folder(second))),
                () -> assertEquals(
                        bytes, figures(run).getJsonNumber("bytesFreed").longValue()),
                () -> assertTrue(project.log(run.getString("id")).contains("on hold: the auditors want it")),
                () -> assertEquals(
                        5,
                        rows(
                                "held",
                                Json.createObjectBuilder()
                                        .add("to", "latest")
                                        .add("backup", full)
                                        .build()),
                        "the log from the oldest on is there"));
        project.complete(
                "restore-drill",
                NAME,
                Json.createObjectBuilder()
                        .add("backup", changes)
                        .add("upTo", "readable")
                        .build());
    }

    @Test
    @Order(4)
    void theRestGoesWithItsLogOnceItIsReleased() throws Exception {
        project.api().delete(project.path("backups/" + changes + "/hold")).expect(200);
        Path archive = nightshift.data().resolve("store").resolve(wal().getString("location"));
        long before = bytes(archive);
        JsonObject run =
                project.complete("expire", NAME, newest().add("apply", true).build());
        long freed = figures(run).getJsonNumber("logBytesFreed").longValue();
        assertAll(
                () -> assertEquals(List.of(last), kept()),
                () -> assertFalse(Files.exists(folder(full)) || Files.exists(folder(changes))),
                () -> assertTrue(freed > 0, figures(run)::toString),
                () -> assertTrue(bytes(archive) <= before - freed + (1 << 20), before + " - " + freed));
        assertEquals(
                5, rows("latest", Json.createObjectBuilder().add("to", "latest").build()));
    }

    /** The end of an archive stays though no backup needs it: archiving goes on from there. */
    @Test
    @Order(5)
    void archivingGoesOnAfterItsEndWasBehindAllThatStays() throws Exception {
        source.execute("postgres", "insert into t values (6)");
        archive(false);
        Eventually.isTrue("off", SOON, () -> wal().getString("state").equals("OFF"));
        source.execute("postgres", "insert into t values (7)", "select pg_switch_wal()", "checkpoint");
        last = take("full");
        project.complete("expire", NAME, newest().add("apply", true).build());
        archive(true);
        Eventually.isTrue("streaming", SOON, () -> wal().getString("state").equals("STREAMING"));
    }

    @Test
    @Order(6)
    void theLastOneNeverGoes() {
        JsonObject run = project.complete(
                "expire",
                NAME,
                Json.createObjectBuilder()
                        .add("keepYearly", 1)
                        .add("apply", true)
                        .build());
        assertEquals(0, figures(run).getInt("backupsGoing"));
        assertEquals(List.of(last), kept());
    }

    private long rows(String name, JsonObject parameters) throws IOException, SQLException {
        Path restored =
                nightshift.data().resolve("restore").resolve("expiry-" + name).toAbsolutePath();
        project.complete(
                "restore",
                NAME,
                Json.createObjectBuilder(parameters)
                        .add("folder", restored.toString())
                        .build());
        try (RestoredServer server = RestoredServer.start(Postgres.binaries(18), restored)) {
            return Long.parseLong(server.answer("postgres", source.password(), "select count(*) from t"));
        }
    }
}
