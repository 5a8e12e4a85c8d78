package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.Workload;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A night of {@code -Dnightshift.minutes} (4) under load, with backups and archived log in a bucket: the source, the store and
 * the node are killed with -9 again and again, whichever and whenever chance says ({@code -Dnightshift.seed}). In the morning
 * restores to {@code -Dnightshift.points} (20) moments hold every row that the server held then.
 */
@Tag("chaos")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WholeNightIT {
    private static final int MINUTES = Integer.getInteger("nightshift.minutes", 4);
    private static final int POINTS = Integer.getInteger("nightshift.points", 20);
    private static final long SEED = Long.getLong("nightshift.seed", System.nanoTime());
    private static final String NAME = "night";
    private static final String SHOP = "shop";
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Map<String, String> SETTINGS =
            Map.of("wal_level", "logical", "max_wal_senders", "8", "max_replication_slots", "8", "summarize_wal", "on");

    private final Random chance = new Random(SEED);
    private final List<Workload.Moment> moments = new ArrayList<>();
    private final List<String> ended = new ArrayList<>();
    private S3Server store;
    private Nightshift nightshift;
    private Postgres source;
    private TestProject project;
    private volatile Instant morning = Instant.MAX;

    @BeforeAll
    void open(@TempDir Path folder) {
        store = S3Server.start(folder);
        nightshift = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false"));
        nightshift.start();
        source = Postgres.start(17, SETTINGS);
        project = TestProject.create(nightshift.admin(), "whole-night");
    }

    @AfterAll
    void close() {
        nightshift.remove();
        source.close();
        store.close();
    }

    @Test
    void everyMomentOfItIsThereInTheMorning() throws Exception {
        System.out.println("The night of -Dnightshift.seed=" + SEED);
        Instant first;
        try (Workload workload = Workload.start(source, SHOP, SEED)) {
            setUp();
            project.complete("backup", NAME, TestProject.parameters("store", "bucket"));
            first = Instant.parse(project.backups(NAME).get(0).getString("endedAt"));
            morning = Instant.now().plus(Duration.ofMinutes(MINUTES));
            FutureTask<Integer> killed = begun("killer", this::kill);
            FutureTask<Integer> backups = begun("backups", this::backUp);
            tick(workload);
            System.out.println(
                    moments.size() + " moments, " + killed.get() + " kills, " + backups.get() + " runs: " + ended);
        }
        awaitStored();
        assertTrue(ended.stream().filter("COMPLETED"::equals).count() >= 2, ended::toString);
        JsonArray gaps = project.api()
                .get(project.path("databases/" + NAME + "/recovery-window"))
                .expect(200)
                .object()
                .getJsonArray("gaps");
        assertEquals(JsonValue.EMPTY_JSON_ARRAY, gaps);
        restore(moments.stream().filter(each -> each.at().isAfter(first)).toList());
        project.complete("restore-drill", NAME, TestProject.none());
    }

    private void setUp() {
        project.api()
                .post(
                        "api/stores",
                        Json.createObjectBuilder()
                                .add("name", "bucket")
                                .add("kind", "S3")
                                .add("bucket", S3Server.BUCKET)
                                .add("endpoint", store.endpoint())
                                .add("account", S3Server.KEY)
                                .add("secretVariable", "NIGHTSHIFT_CREDENTIAL_TEST")
                                .build())
                .expect(201);
        project.register(NAME, source, SHOP);
        project.api()
                .put(
                        wal(),
                        Json.createObjectBuilder()
                                .add("enabled", true)
                                .add("store", "bucket")
                                .add("pieceSeconds", 5)
                                .build())
                .expect(200);
        Eventually.isTrue("streaming", LONG, () -> archive().getString("state").equals("STREAMING"));
    }

    private static FutureTask<Integer> begun(String name, Callable<Integer> work) {
        FutureTask<Integer> task = new FutureTask<>(work);
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    private boolean isNight() {
        return Instant.now().isBefore(morning);
    }

    private void tick(Workload workload) {
        while (isNight()) {
            try (Connection connection = source.connect(SHOP)) {
                while (isNight()) {
                    moments.add(workload.tick(connection));
                    Eventually.sleep(Duration.ofMillis(100));
                }
            } catch (SQLException e) {
                Eventually.sleep(Duration.ofMillis(500)); // it was killed
            }
        }
    }

    /** In the morning all of them run again. */
    private int kill() {
        int kills = 0;
        while (isNight()) {
            Eventually.sleep(Duration.ofSeconds(5 + chance.nextInt(15)));
            Duration away = Duration.ofMillis(500 + chance.nextInt(6_000));
            switch (chance.nextInt(3)) {
                case 0 -> {
                    source.kill();
                    Eventually.sleep(away);
                    source.startAgain(SETTINGS);
                }
                case 1 -> {
                    store.kill();
                    Eventually.sleep(away);
                    store.restart();
                }
                default -> {
                    nightshift.killServer();
                    nightshift.start();
                }
            }
            kills++;
        }
        return kills;
    }

    /** Whatever they come to; those that say that they completed are believed in the morning. */
    private int backUp() {
        int runs = 0;
        while (isNight()) {
            String kind = runs % 4 == 3 ? "full" : "incremental";
            String run = persistently(() -> project.start(
                    "backup",
                    NAME,
                    Json.createObjectBuilder()
                            .add("store", "bucket")
                            .add("kind", kind)
                            .build()));
            runs++;
            ended.add(persistently(() -> project.ended(run, LONG).getString("status")));
        }
        return runs;
    }

    /** As one who asks again when nobody answers. */
    private static <T> T persistently(Supplier<T> question) {
        long until = System.nanoTime() + LONG.toNanos();
        while (true) {
            try {
                return question.get();
            } catch (UncheckedIOException | AssertionError e) {
                if (System.nanoTime() > until) {
                    throw e;
                }
                Eventually.sleep(Duration.ofSeconds(1));
            }
        }
    }

    private String wal() {
        return project.path("instances/" + NAME + "/wal");
    }

    private JsonObject archive() {
        return project.api().get(wal()).expect(200).object();
    }

    /** One more transaction after the last moment, so that there is one to stop before. */
    private void awaitStored() throws SQLException {
        source.execute(SHOP, "insert into tick select count(*) + 1, 'after' from tick");
        Instant now = Instant.now();
        Eventually.isTrue("all of the night is stored", LONG, () -> {
            List<JsonObject> stretches = archive().getJsonArray("stretches").getValuesAs(JsonObject.class);
            return !stretches.isEmpty()
                    && !stretches.get(0).isNull("coveredTo")
                    && Instant.parse(stretches.get(0).getString("coveredTo")).isAfter(now);
        });
    }

    private void restore(List<Workload.Moment> known) throws Exception {
        List<String> wrong = new ArrayList<>();
        for (int point = 0; point < POINTS; point++) {
            Workload.Moment moment = known.get(chance.nextInt(known.size()));
            Path into = nightshift
                    .data()
                    .resolve("restore")
                    .resolve("point-" + point)
                    .toAbsolutePath();
            project.complete(
                    "restore",
                    NAME,
                    Json.createObjectBuilder()
                            .add("to", "time")
                            .add("point", moment.at().toString())
                            .add("folder", into.toString())
                            .build());
            try (RestoredServer restored = RestoredServer.start(Postgres.binaries(17), into);
                    Connection connection = restored.connect(SHOP, source.password())) {
                restored.awaitEndOfRecovery(connection);
                Workload.Moment held = Workload.moment(connection);
                if (!held.holds(moment)) {
                    wrong.add(moment + " came back as " + held);
                }
            }
        }
        assertEquals(List.of(), wrong);
    }
}
