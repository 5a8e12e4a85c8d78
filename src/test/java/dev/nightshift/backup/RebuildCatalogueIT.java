package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.LogArchiving;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import dev.nightshift.testing.harness.BareMachine;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The repository is lost with its master key; store and recovery kit are left. An empty Nightshift touches nothing that it does not
 * know, and enters what the kit opens.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RebuildCatalogueIT {
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final String PASSPHRASE = "five words nobody would guess";

    private Nightshift nightshift;
    private TestProject project;
    private Postgres source;
    private Postgres gone;
    private Postgres other;
    private Path store;
    private String kit;
    private String neighboursKit;
    private String projectId;
    private List<JsonObject> before;
    private List<JsonObject> beforeGone;
    private String log;
    private Path stores;
    private String damaged;
    private Map<Path, Long> stored;
    private int gonePort;
    private S3Server s3;

    @BeforeAll
    void theRepositoryIsLost(@TempDir Path folder) throws Exception {
        store = folder.resolve("store");
        stores = folder.resolve("stores");
        nightshift = Nightshift.prepare(Map.of(
                "NIGHTSHIFT_DEMO",
                "false",
                "NIGHTSHIFT_STORE",
                store.toString(),
                "NIGHTSHIFT_STORE_ROOTS",
                stores.toString()));
        s3 = S3Server.start(folder);
        nightshift.start();
        defineBucket();
        Map<String, String> settings =
                Map.of("max_wal_senders", "6", "max_replication_slots", "6", "summarize_wal", "on");
        source = Postgres.start(18, settings);
        gone = Postgres.start(18, Map.of("max_wal_senders", "6"));
        gone.execute("postgres", "create table t as select id from generate_series(1, 77) id");
        source.execute("postgres", "create table t as select id from generate_series(1, 1000) id");
        project = TestProject.create(nightshift.admin(), "lost");
        TestProject neighbour = TestProject.create(nightshift.admin(), "neighbour");
        project.register("main", source, "postgres");
        project.register("gone", gone, "postgres");
        other = Postgres.start(18, Map.of("max_wal_senders", "6"));
        project.register("stranger", other, "postgres");
        archiving().begin();
        project.complete("backup", "main", TestProject.none());
        source.execute("postgres", "insert into t select id from generate_series(1001, 1500) id");
        project.complete("backup", "main", TestProject.parameters("kind", "incremental"));
        source.execute("postgres", "insert into t select id from generate_series(1501, 2000) id");
        archiving().awaitCovered();
        project.complete("backup", "gone", TestProject.parameters("store", "bucket"));
        project.complete("backup", "stranger", TestProject.none());
        rotate();
        project.complete("backup", "main", TestProject.none());
        damaged = project.backups("main").get(0).getString("location");
        before = project.backups("main").subList(1, 3);
        beforeGone = project.backups("gone");
        archiving().end();
        log = archiving().location();
        kit = project.recoveryKit(PASSPHRASE);
        try (var reader = Json.createReader(new StringReader(kit))) {
            projectId = reader.readObject().getString("project");
        }
        neighboursKit = neighbour.recoveryKit(PASSPHRASE);
        nightshift.stop();
        loseTheRepository();
        gonePort = gone.port();
        gone.close();

        Files.delete(store.resolve(damaged).resolve("backup_manifest"));
        Path half = store.resolve("lost/main/" + UUID.randomUUID());
        Files.createDirectories(half);
        Files.writeString(half.resolve("base.tar"), "another installation is at it");
        stored = stored();
        nightshift.start();
        project = TestProject.of(nightshift.admin(), "lost");
    }

    @AfterAll
    void close() {
        nightshift.remove();
        source.close();
        other.close();
        s3.close();
    }

    private void defineBucket() {
        TestStores.define(
                nightshift.admin(), TestStores.bucket("bucket", s3.endpoint()).add("prefix", "prod"));
    }

    private void rotate() {
        project.api().post(project.path("keys/rotate")).expect(200);
        project.recoveryKit(PASSPHRASE);
        String run = project.start("rewrap-keys", "*", TestProject.none());
        assertEquals("COMPLETED", project.ended(run, SOON).getString("status"));
    }

    /** Anew each time: who asks is another one once the repository is lost. */
    private LogArchiving archiving() {
        return new LogArchiving(project, "main");
    }

    private void loseTheRepository() throws IOException {
        try (Stream<Path> files = Files.walk(nightshift.data())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                if (!file.equals(nightshift.data())) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Every file of the store with its size, or what its times and content make of it. */
    private Map<Path, Long> stored() throws IOException {
        Map<Path, Long> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(store)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(
                        store.relativize(file),
                        Files.size(file) ^ Files.getLastModifiedTime(file).toMillis() << 20);
            }
        }
        return all;
    }

    private JsonObject importing(String text, String passphrase, int expected) {
        return nightshift
                .admin()
                .post(
                        "api/recovery-kit/import",
                        Json.createObjectBuilder()
                                .add("kit", text)
                                .add("passphrase", passphrase)
                                .build())
                .expect(expected)
                .object();
    }

    private JsonObject rebuild() {
        return project.complete("rebuild-catalogue");
    }

    @Test
    @Order(1)
    void theKitMakesTheProjectAnewUnderItsOldId() {
        nightshift.admin().get("api/projects/lost").expect(404);
        JsonObject wrong = importing(kit, PASSPHRASE + "?", 400);
        assertTrue(wrong.toString().contains("does not open"), wrong::toString);
        importing(kit.substring(0, kit.length() - 40), PASSPHRASE, 400);
        JsonObject made = importing(kit, PASSPHRASE, 200);
        assertAll(
                () -> assertTrue(made.getBoolean("created")),
                () -> assertEquals(projectId, made.getString("id")),
                () -> assertEquals(2, made.getJsonArray("keys").size(), "the old key and the new one"),
                () -> assertTrue(made.getJsonArray("servers").toString().contains("\"gone\""), made::toString),
                () -> assertFalse(made.toString().contains(PASSPHRASE)));
        JsonObject again = importing(kit, PASSPHRASE, 200);
        assertFalse(again.getBoolean("created"));
        assertEquals(0, again.getJsonArray("keys").size());
        assertTrue(importing(neighboursKit, PASSPHRASE, 200).getBoolean("created"));
        project.register("main", source, "postgres");
        // Its server is no more: it is stored all the same
        project.api()
                .post(
                        project.path("databases"),
                        Json.createObjectBuilder()
                                .add("name", "gone")
                                .add("dbname", "postgres")
                                .add("host", "127.0.0.1")
                                .add("port", gonePort)
                                .add("user", "postgres")
                                .add("password", "lost")
                                .add("tlsMode", "disable")
                                .build())
                .expect(201);
        assertEquals(List.of(), project.backups("main"));
        defineBucket();
    }

    /** The worst that could happen: the sweep takes what the new repository does not know for leftovers. It sweeps what is one. */
    @Test
    @Order(2)
    void theSweepTouchesNothingThatTheNewRepositoryDoesNotKnow() throws Exception {
        String known = UUID.randomUUID().toString();
        Path leftover = Files.createDirectories(store.resolve("lost/main/" + known));
        Files.writeString(leftover.resolve("base.tar"), "an attempt of this installation, which is over");
        nightshift
                .repository()
                .execute(
                        "insert into job.run (id, project_id, job, status, trigger, triggered_by) values ('" + known
                                + "', '" + projectId + "', 'backup', 'FAILED', 'PERSON', 'test')",
                        "insert into job.target (id, project_id, run_id, instance_id, database_names, status, checkpoint)"
                                + " select '" + known + "', project_id, '" + known + "', id, '{main}', 'FAILED',"
                                + " '{\"backup\":\"" + known + "\"}' from fleet.instance where name = 'main'");
        nightshift.killServer();
        nightshift.start();
        Eventually.isTrue("the sweep", SOON, () -> !Files.exists(leftover));
        assertEquals(stored, stored());
    }

    @Test
    @Order(3)
    void whatIsWholeIsEnteredAndTheRestIsNamedAndLeftAsItIs() throws Exception {
        JsonObject run = rebuild();
        String told = project.log(run.getString("id"));
        assertAll(
                () -> assertEquals(3, figures(run).getInt("backupsEntered"), told),
                () -> assertEquals(1, figures(run).getInt("logsEntered"), told),
                () -> assertEquals(2, figures(run).getInt("notEntered"), told),
                () -> assertTrue(told.contains(damaged + " in the store local is not entered"), told),
                () -> assertTrue(told.contains("its server stranger"), told),
                () -> assertEquals(stored, stored()),
                () -> assertEquals(ids(before), ids(project.backups("main"))),
                () -> assertEquals(ids(beforeGone), ids(project.backups("gone"))),
                () -> assertEquals("bucket", project.backups("gone").get(0).getString("store")));
        for (JsonObject old : before) {
            JsonObject found = project.backup(old.getString("id"));
            for (String same : List.of("kind", "takenAt", "startLsn", "stopLsn", "keyId", "location", "sizeBytes")) {
                assertEquals(old.get(same), found.get(same), same);
            }
            assertEquals("STORED", found.getJsonObject("proof").getString("level"), "what was looked at, and no more");
        }
        JsonObject again = rebuild();
        assertEquals(0, figures(again).getInt("backupsEntered") + figures(again).getInt("logsEntered"));
        assertEquals(ids(before), ids(project.backups("main")));
    }

    private static List<String> ids(List<JsonObject> backups) {
        return backups.stream().map(each -> each.getString("id")).toList();
    }

    @Test
    @Order(4)
    void drillsAndRestoresGoFromIt() throws Exception {
        assertEquals(List.of(), archiving().stretches(), "no service knows of the archive");
        assertTrue(project.api()
                .get(project.path("databases/main/recovery-window"))
                .expect(200)
                .object()
                .getBoolean("archived"));
        project.complete(
                "restore-drill",
                "main",
                TestProject.parameters("backup", before.get(0).getString("id")));
        assertTrue(project.backup(before.get(0).getString("id"))
                        .getJsonObject("proof")
                        .getInt("levelNumber")
                >= 3);
        assertEquals(77, rows("gone", TestProject.none()));
        assertEquals(
                2000,
                rows("main", Json.createObjectBuilder().add("to", "latest").build()),
                "the rows after the last backup are in the log alone");
    }

    private long rows(String name, JsonObject parameters) throws Exception {
        Path restored =
                nightshift.data().resolve("restore").resolve("rebuilt-" + name).toAbsolutePath();
        project.complete(
                "restore",
                name,
                Json.createObjectBuilder(parameters)
                        .add("folder", restored.toString())
                        .build());
        try (RestoredServer server = RestoredServer.start(Postgres.binaries(18), restored)) {
            return Long.parseLong(server.answer("postgres", source.password(), "select count(*) from t"));
        }
    }

    @Test
    @Order(5)
    void lifeGoesOnWhereItWas() {
        archiving().begin();
        assertEquals(log, archiving().location(), "the archive goes on");
        project.complete("backup", "main", TestProject.parameters("kind", "incremental"));
        assertEquals("INCREMENTAL", project.backups("main").get(0).getString("kind"));
        assertEquals(
                before.get(0).getString("id"), project.backups("main").get(0).getString("parent"));
        List<String> keys = project.api().get(project.path("keys")).expect(200).items().stream()
                .map(key -> key.get("id"))
                .map(id -> ((JsonString) id).getString())
                .toList();
        assertEquals(2, keys.size(), keys::toString);
        archiving().end();
    }

    /** A store that was away, or was copied by other means: what lies there is no second backup, and none to be deleted. */
    @Test
    @Order(6)
    void whatLiesInAnotherStoreIsEnteredAsCopies() throws Exception {
        Path offsite = Files.createDirectories(stores.resolve("offsite"));
        for (JsonObject each : before) {
            String location = each.getString("location");
            ByHand.copy(store.resolve(location), offsite.resolve(location));
        }
        TestStores.define(nightshift.admin(), TestStores.folder("offsite", offsite));
        JsonObject run = rebuild();
        assertEquals(2, figures(run).getInt("copiesEntered"), () -> project.log(run.getString("id")));
        assertEquals(0, figures(run).getInt("backupsEntered"));
        String newest = before.get(0).getString("id");
        JsonObject copy = project.backup(newest).getJsonArray("copies").getJsonObject(0);
        assertAll(
                () -> assertEquals("offsite", copy.getString("store")),
                () -> assertEquals("WHOLE", copy.getString("state")));
        project.complete(
                "restore-drill",
                "main",
                Json.createObjectBuilder()
                        .add("backup", newest)
                        .add("from", "offsite")
                        .build());
        assertEquals(0, figures(rebuild()).getInt("copiesEntered"), "a second time there is nothing to enter");
    }

    /** From a bucket the guide has the backup's folder copied first. */
    @Test
    @Order(20)
    void theKitAloneMakesAClusterOfWhatLayInTheBucket(@TempDir Path work) throws Exception {
        String location = beforeGone.get(0).getString("location");
        ByHand.copy(
                s3.bucket().resolve("prod").resolve(location),
                work.resolve("store").resolve(location));
        Path home = Files.createDirectory(work.resolve("home"));
        BareMachine machine = new BareMachine(
                home, work.resolve("store"), Postgres.binaries(18).bin());
        machine.has(false, s3.bucket(), store, nightshift.data(), Path.of("").toAbsolutePath());
        Files.writeString(home.resolve("demo-recovery-kit.json"), kit);
        Files.writeString(home.resolve("passphrase"), PASSPHRASE + "\n");
        ByHand.cluster(machine, location, "");
        int port = RestoredServer.freePort();
        machine.run(ByHand.commands("pg_ctl -D data -l log -w -o \"-p 5499 -c archive_mode")
                        .replace("5499", Integer.toString(port)))
                .succeeded();
        try (RestoredServer restored = RestoredServer.running(Postgres.binaries(18), home.resolve("data"), port);
                var connection = restored.connect("postgres", "secret");
                var statement = connection.createStatement();
                var row = statement.executeQuery("select count(*) from t")) {
            row.next();
            assertEquals(77, row.getInt(1));
        }
    }
}
