package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.Workload;
import dev.nightshift.testing.harness.CuttingProxy;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * A server under load whose backups and log go to a bucket: the server, the store and the node can be killed with -9, and come
 * back with what they had. What the server held between any two ticks is known, and is what a restore has to bring back.
 */
final class Night implements AutoCloseable {
    static final String NAME = "night";
    static final Duration LONG = Duration.ofMinutes(5);

    private static final String SHOP = "shop";
    private static final String STORE = "bucket";
    private static final Map<String, String> SETTINGS =
            Map.of("wal_level", "logical", "max_wal_senders", "8", "max_replication_slots", "8", "summarize_wal", "on");

    /** 64 KB at most pass in so long: a full backup, or its restore, takes far longer than it takes to see that it began. */
    private static final Duration SLOW = Duration.ofMillis(250);

    private final Random chance;
    private final Duration between;
    private final Map<String, String> settings;
    private final Nightshift nightshift;
    private final S3Server store;
    private final CuttingProxy line;
    private final Postgres source;
    private final TestProject project;
    private final TestArchive archive;
    private final Workload workload;
    private final List<Workload.Moment> moments = Collections.synchronizedList(new ArrayList<>());
    private final FutureTask<Integer> ticks = new FutureTask<>(this::tick);
    private volatile boolean over;

    private Night(
            String project,
            Random chance,
            Duration between,
            Map<String, String> settings,
            Nightshift nightshift,
            S3Server store,
            Postgres source,
            Workload workload) {
        this.chance = chance;
        this.between = between;
        this.settings = settings;
        this.nightshift = nightshift;
        this.store = store;
        this.line = CuttingProxy.to(URI.create(store.endpoint()).getPort(), chance);
        this.source = source;
        this.project = TestProject.create(nightshift.admin(), project);
        this.archive = new TestArchive(this.project, NAME);
        this.workload = workload;
    }

    /**
     * Starts everything, and waits until the log is archived.
     *
     * @param folder for what the store stores
     * @param chance says who is killed and when, and which moments are looked at
     * @param between two ticks
     * @param more settings of the server
     */
    static Night begin(String project, Path folder, Random chance, Duration between, Map<String, String> more)
            throws SQLException {
        Map<String, String> settings = new TreeMap<>(SETTINGS);
        settings.putAll(more);
        Nightshift nightshift = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false"));
        CompletableFuture<Void> starting = CompletableFuture.runAsync(nightshift::start);
        S3Server store = S3Server.start(folder);
        Postgres source = Postgres.start(17, settings);
        Workload workload = Workload.start(source, SHOP, chance.nextLong());
        starting.join();
        Night night = new Night(project, chance, between, settings, nightshift, store, source, workload);
        try {
            night.setUp();
        } catch (RuntimeException | Error e) {
            night.close();
            throw e;
        }
        return night;
    }

    private void setUp() {
        project.api()
                .post(
                        "api/stores",
                        Json.createObjectBuilder()
                                .add("name", STORE)
                                .add("kind", "S3")
                                .add("bucket", S3Server.BUCKET)
                                .add("endpoint", "http://127.0.0.1:" + line.port())
                                .add("account", S3Server.KEY)
                                .add("secretVariable", "NIGHTSHIFT_CREDENTIAL_TEST")
                                .build())
                .expect(201);
        project.register(NAME, source, SHOP);
        archive.change(TestArchive.on().add("store", STORE));
        archive.awaitState("STREAMING");
        inThread("ticks", ticks);
    }

    TestProject project() {
        return project;
    }

    /** Work in a thread of its own; {@link FutureTask#get} tells what it came to. */
    static FutureTask<Integer> begun(String name, Callable<Integer> work) {
        FutureTask<Integer> task = new FutureTask<>(work);
        inThread(name, task);
        return task;
    }

    private static void inThread(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private int tick() {
        while (!over) {
            try (Connection connection = source.connect(SHOP)) {
                while (!over) {
                    moments.add(workload.tick(connection));
                    Eventually.sleep(between);
                }
            } catch (SQLException e) {
                Eventually.sleep(Duration.ofMillis(500)); // it was killed
            }
        }
        return moments.size();
    }

    /** A duration below this one, as chance says. */
    Duration within(Duration most) {
        return Duration.ofMillis(chance.nextInt(Math.toIntExact(most.toMillis())));
    }

    void killSource(Duration away) {
        say("kill the source, for " + away);
        source.kill();
        Eventually.sleep(away);
        source.startAgain(settings);
    }

    void killStore(Duration away) {
        say("kill the store, for " + away);
        store.kill();
        Eventually.sleep(away);
        store.restart();
    }

    /** The server alone, or its launcher with it. Back when it says that it is ready. */
    void killNode() {
        boolean all = chance.nextBoolean();
        say("kill the node" + (all ? " and its launcher" : ""));
        if (all) {
            nightshift.killEverything();
        } else {
            nightshift.killServer();
        }
        line.slow(Duration.ZERO);
        nightshift.start();
    }

    private static void say(String what) {
        System.out.println("Night, " + Instant.now() + ": " + what);
    }

    /** Starts a backup of this kind into the bucket, and answers its run. */
    String startBackup(String kind) {
        return project.start(
                "backup",
                NAME,
                Json.createObjectBuilder()
                        .add("store", STORE)
                        .add("kind", kind)
                        .add("checkpoint", "fast")
                        .build());
    }

    /** Lets little pass to the store and from it until the node is killed, so that a run's middle is not missed. */
    void slowStore() {
        line.slow(SLOW);
    }

    /** As one who asks again when nobody answers: a question for a run's end is answered for minutes before. */
    static <T> T persistently(Supplier<T> question) {
        long until = System.nanoTime() + LONG.multipliedBy(4).toNanos();
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

    /** Ends the load, and waits until all of it is stored, after one more transaction, so that there is one to stop before. */
    void end() throws ExecutionException, InterruptedException, SQLException {
        over = true;
        say(ticks.get() + " moments");
        workload.close();
        source.execute(SHOP, "insert into tick select count(*) + 1, 'after' from tick");
        Instant now = Instant.now();
        archive.hurry();
        Eventually.isTrue(
                "what was before " + now + " is stored", LONG, () -> storedTo().isAfter(now));
    }

    /** What was committed before can be restored. */
    private Instant storedTo() {
        return archive.wal().getJsonArray("stretches").getValuesAs(JsonObject.class).stream()
                .findFirst()
                .filter(newest -> !newest.isNull("coveredTo"))
                .map(newest -> Instant.parse(newest.getString("coveredTo")))
                .orElse(Instant.MIN);
    }

    /** Holds if the log that is stored has none. */
    void logHasNoGap() {
        JsonArray gaps = project.api()
                .get(project.path("databases/" + NAME + "/recovery-window"))
                .expect(200)
                .object()
                .getJsonArray("gaps");
        assertEquals(JsonValue.EMPTY_JSON_ARRAY, gaps);
    }

    /** One of the moments after this time that can be restored, as chance says; waits for the first. */
    Workload.Moment anyStored(Instant first) {
        List<Workload.Moment> known = Eventually.get("a moment that is stored", LONG, () -> {
            Instant last = storedTo();
            return Optional.of(List.copyOf(moments).stream()
                            .filter(each ->
                                    each.at().isAfter(first) && each.at().isBefore(last))
                            .toList())
                    .filter(found -> !found.isEmpty());
        });
        return known.get(chance.nextInt(known.size()));
    }

    /** Starts a restore to this moment, and answers its run. */
    String startRestore(Workload.Moment to, String name) {
        JsonObjectBuilder parameters = Json.createObjectBuilder()
                .add("to", "time")
                .add("point", to.at().toString())
                .add("folder", folder(name).toString());
        return project.start("restore", NAME, parameters.build());
    }

    private Path folder(String name) {
        return nightshift.data().resolve("restore").resolve(name).toAbsolutePath();
    }

    /** Starts what was restored with PostgreSQL's own programs, and looks. */
    Workload.Moment heldBy(String name) throws Exception {
        try (RestoredServer restored = RestoredServer.start(Postgres.binaries(17), folder(name));
                Connection connection = restored.connect(SHOP, source.password())) {
            restored.awaitEndOfRecovery(connection);
            return Workload.moment(connection);
        }
    }

    /** Restores to so many moments after this time, and holds if each is there as it was. */
    void restore(int points, Instant first) throws Exception {
        List<String> wrong = new ArrayList<>();
        for (int point = 0; point < points; point++) {
            Workload.Moment moment = anyStored(first);
            String name = "point-" + point;
            project.completed(startRestore(moment, name));
            Workload.Moment held = heldBy(name);
            if (!held.holds(moment)) {
                wrong.add(moment + " came back as " + held);
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Override
    public void close() {
        over = true;
        workload.close();
        nightshift.remove();
        source.close();
        line.close();
        store.close();
    }
}
