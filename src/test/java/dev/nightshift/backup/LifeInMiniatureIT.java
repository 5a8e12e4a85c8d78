package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.Workload;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A night of a server in two minutes: rows come all the time and pgbench's transactions with them, a full and two incremental
 * backups, its log archived, the server killed twice. Between any two ticks lies a moment of which it is known what the server
 * held: restores to some of them hold just that. In {@link ShortNightIT} the store and the node are killed as well.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LifeInMiniatureIT {
    private static final String NAME = "night";
    private static final int POINTS = 3;
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Map<String, String> SETTINGS =
            Map.of("wal_level", "logical", "max_wal_senders", "8", "max_replication_slots", "8", "summarize_wal", "on");

    private final Nightshift nightshift = Nightshift.shared();
    private final List<Workload.Moment> moments = new ArrayList<>();
    private final Random random = new Random(20261129);
    private TestProject project;
    private Postgres source;
    private Workload workload;

    @BeforeAll
    void aNight() throws Exception {
        project = TestProject.create(nightshift.admin(), "miniature");
        source = Postgres.start(17, SETTINGS);
        workload = Workload.start(source, "shop", 20261129);
        project.register(NAME, source, "shop");
        project.api()
                .put(
                        wal(),
                        Json.createObjectBuilder()
                                .add("enabled", true)
                                .add("pieceSeconds", 5)
                                .build())
                .expect(200);
        awaitStreaming();
        project.complete("backup", NAME, TestProject.none());
        rows(40);
        project.complete("backup", NAME, TestProject.parameters("kind", "incremental"));
        rows(40);
        source.kill();
        source.startAgain(SETTINGS);
        rows(40);
        project.complete("backup", NAME, TestProject.parameters("kind", "incremental"));
        rows(40);
        source.kill();
        source.startAgain(SETTINGS);
        rows(20);
        workload.close();
        awaitStored();
    }

    @AfterAll
    void nothingIsLeftOnTheServer() throws SQLException {
        project.api()
                .put(wal(), Json.createObjectBuilder().add("enabled", false).build())
                .expect(200);
        Eventually.isTrue("off", SOON, () -> state().equals("OFF"));
        source.close();
    }

    private String wal() {
        return project.path("instances/" + NAME + "/wal");
    }

    private String state() {
        return project.api().get(wal()).expect(200).object().getString("state");
    }

    private void awaitStreaming() {
        Eventually.isTrue("streaming", SOON, () -> state().equals("STREAMING"));
    }

    private void rows(int count) throws SQLException {
        try (Connection connection = source.connect("shop")) {
            for (int i = 0; i < count; i++) {
                moments.add(workload.tick(connection));
                Eventually.sleep(Duration.ofMillis(5));
            }
        }
    }

    /** One more row after the last moment, so that a transaction is there to stop before. */
    private void awaitStored() throws SQLException {
        source.execute("shop", "insert into tick select count(*) + 1, 'after' from tick");
        Instant now = Instant.now();
        Eventually.isTrue("the moment", SOON, () -> {
            JsonObject newest = project.api()
                    .get(wal())
                    .expect(200)
                    .object()
                    .getJsonArray("stretches")
                    .getJsonObject(0);
            return !newest.isNull("coveredTo")
                    && Instant.parse(newest.getString("coveredTo")).isAfter(now);
        });
    }

    @Test
    @Order(1)
    void restoresToAnyMomentHoldWhatTheServerHeldThen() throws Exception {
        Instant first = Instant.parse(backups().get(2).getString("endedAt"));
        List<Workload.Moment> known =
                moments.stream().filter(each -> each.at().isAfter(first)).toList();
        List<String> wrong = new ArrayList<>();
        for (int point = 0; point < POINTS; point++) {
            Workload.Moment moment = known.get(random.nextInt(known.size()));
            JsonObject plan = plan("time", moment.at().toString());
            assertTrue(plan.getBoolean("reachable") && plan.getBoolean("certain"), plan::toString);
            Workload.Moment held =
                    heldAfter("point-" + point, parameters("time", moment.at().toString()));
            if (!held.holds(moment)) {
                wrong.add(moment + ": " + held + ", " + plan);
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    @Order(2)
    void restoresTheLatestThatIsStored() throws Exception {
        assertEquals(
                moments.get(moments.size() - 1).ticks() + 1,
                heldAfter(
                                "latest",
                                Json.createObjectBuilder().add("to", "latest").build())
                        .ticks());
    }

    @Test
    @Order(3)
    void aDrillReachesAMomentInASandbox() {
        Workload.Moment moment = moments.get(moments.size() - 15);
        JsonObject run = project.complete(
                "restore-drill", NAME, parameters("time", moment.at().toString()));
        String log = project.log(run.getString("id"));
        assertTrue(log.contains("as expected"), log);
    }

    @Test
    @Order(4)
    void refusesWhatLiesBeforeAndAfter() {
        JsonObject before = plan("time", "2020-01-01T00:00:00Z");
        assertFalse(before.getBoolean("reachable"), before::toString);
        // Behind all that is stored, and behind what the source is known to have sent
        Eventually.isTrue("a time that is not covered yet", SOON, () -> {
            JsonObject later = plan("time", Instant.now().toString());
            return !later.getBoolean("reachable") && later.getString("reason").contains("is stored only up to");
        });
        JsonObject beyond = plan("lsn", "FFFFFF/0");
        assertFalse(beyond.getBoolean("reachable"), beyond::toString);
    }

    @Test
    @Order(4)
    void itsFiguresAreForPrometheusToo() {
        for (String series : List.of("wal_streams", "wal_covered_age_seconds", "wal_retained_bytes")) {
            Eventually.isTrue(
                    series,
                    SOON,
                    () -> nightshift
                            .scraper()
                            .get("metrics")
                            .expect(200)
                            .body()
                            .lines()
                            .anyMatch(line -> line.startsWith("nightshift_" + series + "{")
                                    && line.contains("server=\"" + NAME + "\"")
                                    && (!series.equals("wal_streams") || line.endsWith(" 1.0"))));
        }
    }

    /** Last, as it damages the archive. */
    @Test
    @Order(5)
    void aMissingSegmentIsToldAndNothingPastItIsRestored() throws Exception {
        Workload.Moment early = moments.stream()
                .filter(each -> each.at().isAfter(Instant.parse(backups().get(2).getString("endedAt"))))
                .findFirst()
                .orElseThrow();
        Workload.Moment late = moments.get(moments.size() - 1);
        Path gone = segments().get(segments().size() - 2);
        Files.delete(gone);
        JsonObject run = project.run(project.start(
                "restore", NAME, into("behind-the-gap", "time", late.at().toString())));
        JsonObject ended = project.ended(run.getString("id"), Duration.ofMinutes(2));
        assertAll(
                () -> assertFalse(ended.getString("status").equals("COMPLETED"), ended::toString),
                () -> assertFalse(
                        Files.exists(folder("behind-the-gap").resolve("PG_VERSION")), "what was restored is removed"),
                () -> assertTrue(heldAfter(
                                "before-the-gap", parameters("time", early.at().toString()))
                        .holds(early)));
    }

    private List<Path> segments() throws IOException {
        Path archive = nightshift
                .data()
                .resolve("store")
                .resolve(project.api().get(wal()).expect(200).object().getString("location"));
        try (var files = Files.walk(archive)) {
            return files.filter(file -> file.toString().endsWith(".00000000-01000000"))
                    .sorted()
                    .toList();
        }
    }

    private List<JsonObject> backups() {
        return project.backups(NAME);
    }

    private JsonObject plan(String kind, String point) {
        return project.plan(NAME, Json.createObjectBuilder().add(kind, point));
    }

    private static JsonObject parameters(String kind, String point) {
        return Json.createObjectBuilder().add("to", kind).add("point", point).build();
    }

    private Path folder(String name) {
        return nightshift.data().resolve("restore").resolve("miniature-" + name).toAbsolutePath();
    }

    private JsonObject into(String name, String kind, String point) {
        return Json.createObjectBuilder(parameters(kind, point))
                .add("folder", folder(name).toString())
                .build();
    }

    /** Restores, starts it with PostgreSQL's own programs, and looks. */
    private Workload.Moment heldAfter(String name, JsonObject to) throws Exception {
        Path folder = folder(name);
        project.complete(
                "restore",
                NAME,
                Json.createObjectBuilder(to).add("folder", folder.toString()).build());
        try (RestoredServer restored = RestoredServer.start(Postgres.binaries(17), folder);
                Connection connection = restored.connect("shop", source.password())) {
            restored.awaitEndOfRecovery(connection);
            return Workload.moment(connection);
        }
    }
}
