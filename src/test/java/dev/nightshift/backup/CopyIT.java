package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.LogArchiving;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.CuttingProxy;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Copies of backups in a bucket and in another folder: what lies there is looked at from behind. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CopyIT {
    private static final String ROWS = "select count(*) || ' ' || sum(hash_record_extended(row(i.*), 0)) from item i";
    private static final Duration LONG = Duration.ofMinutes(5);

    /** 64 KB at most pass in so long: an archive of 10 MB takes some seconds. */
    private static final Duration SLOW = Duration.ofMillis(40);

    private Nightshift nightshift;
    private Api admin;
    private Path nas;
    private S3Server s3;
    private CuttingProxy line;
    private Postgres source;
    private TestProject project;
    private TestProject other;
    private String full = "";
    private String changes = "";

    @BeforeAll
    void aServerAndTwoStores(@TempDir Path folder) throws IOException, SQLException {
        s3 = S3Server.start(folder);
        line = CuttingProxy.to(URI.create(s3.endpoint()).getPort(), new Random(1));
        nas = folder.resolve("stores").resolve("nas");
        nightshift = Nightshift.prepare(Map.of(
                "NIGHTSHIFT_DEMO",
                "false",
                "NIGHTSHIFT_STORE_ROOTS",
                folder.resolve("stores").toString()));
        nightshift.start();
        admin = nightshift.admin();
        source = Postgres.start(18, Map.of("max_wal_senders", "6", "summarize_wal", "on", "autovacuum", "off"));
        source.execute("postgres", "create database shop");
        source.execute(
                "shop",
                "create table item as select id, (select string_agg(md5(id::text || n), '') from generate_series(1, 16) n) as note"
                        + " from generate_series(1, 20000) id");
        project = TestProject.create(admin, "copies");
        other = TestProject.create(admin, "copies-other");
        project.register("shop", source, "shop");
        store(bucket("offsite", line.port(), "prod"));
        store(Json.createObjectBuilder()
                .add("name", "nas")
                .add("kind", "FOLDER")
                .add("folder", nas.toString()));
    }

    private static JsonObjectBuilder bucket(String name, int port, String prefix) {
        return Json.createObjectBuilder()
                .add("name", name)
                .add("kind", "S3")
                .add("bucket", S3Server.BUCKET)
                .add("prefix", prefix)
                .add("endpoint", "http://127.0.0.1:" + port)
                .add("account", S3Server.KEY)
                .add("secretVariable", "NIGHTSHIFT_CREDENTIAL_TEST");
    }

    private void store(JsonObjectBuilder described) {
        admin.post("api/stores", described.build()).expect(201);
    }

    @AfterAll
    void close() {
        nightshift.remove();
        source.close();
        line.close();
        s3.close();
    }

    private Path local() {
        return nightshift.data().resolve("store");
    }

    private Path offsite() {
        return s3.bucket().resolve("prod");
    }

    /** Every object of a backup in a store, seen from behind, with its bytes. */
    private static Map<String, Long> objects(Path store, JsonObject backup) {
        return objects(store.resolve(backup.getString("location")));
    }

    private static Map<String, Long> objects(Path folder) {
        Map<String, Long> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(Files::isRegularFile)
                    .forEach(file -> found.put(
                            folder.relativize(file).toString(), file.toFile().length()));
        } catch (IOException | UncheckedIOException e) {
            return Map.of(); // nothing there yet, or no more
        }
        return found;
    }

    private static Map<String, FileTime> times(Path folder) throws IOException {
        Map<String, FileTime> found = new HashMap<>();
        for (String name : objects(folder).keySet()) {
            found.put(name, Files.getLastModifiedTime(folder.resolve(name)));
        }
        return found;
    }

    private static void assertSame(Path one, Path another) throws IOException {
        assertEquals(objects(one), objects(another));
        for (String name : objects(one).keySet()) {
            assertEquals(-1, Files.mismatch(one.resolve(name), another.resolve(name)), name);
        }
    }

    private String take(JsonObjectBuilder parameters) {
        return figures(project.complete("backup", "shop", parameters.build())).getString("backup");
    }

    private static JsonObjectBuilder with(String name, String value) {
        return Json.createObjectBuilder().add(name, value);
    }

    private JsonObject copy(JsonObjectBuilder parameters) {
        return figures(project.complete("copy", "shop", parameters.build()));
    }

    private JsonObject copyOf(String backup, String store) {
        return project.backup(backup).getJsonArray("copies").getValuesAs(JsonObject.class).stream()
                .filter(copy -> copy.getString("store").equals(store))
                .findFirst()
                .orElseThrow(() -> new AssertionError(project.backup(backup).toString()));
    }

    private static String rows(Connection connection) throws SQLException {
        try (connection;
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(ROWS)) {
            row.next();
            return row.getString(1);
        }
    }

    @Test
    @Order(1)
    void aCopyHasTheSameBytesAndAProofOfItsOwn() throws IOException {
        full = take(Json.createObjectBuilder());
        JsonObject figures = copy(with("store", "offsite"));
        JsonObject backup = project.backup(full);
        assertSame(local().resolve(backup.getString("location")), offsite().resolve(backup.getString("location")));
        Map<String, Long> there = objects(offsite(), backup);
        assertEquals(there.size(), figures.getInt("objectsSent"));
        assertEquals(0, figures.getInt("objectsFound"));

        JsonObject copy = copyOf(full, "offsite");
        assertEquals("WHOLE", copy.getString("state"));
        assertEquals(
                there.values().stream().mapToLong(Long::longValue).sum(),
                copy.getJsonNumber("storedBytes").longValue());
        assertFalse(copy.isNull("verifiedAt"));
        assertEquals("NONE", copy.getJsonObject("proof").getString("level"), "its listing is no drill");

        project.complete(
                "restore-drill",
                "shop",
                with("from", "offsite").add("upTo", "readable").build());
        assertEquals("READABLE", copyOf(full, "offsite").getJsonObject("proof").getString("level"));
        JsonObject proof = project.backup(full).getJsonObject("proof");
        assertEquals("NONE", proof.getString("level"), "what was read was the copy");
        assertEquals("local", proof.getString("store"));

        JsonObject again = copy(with("store", "offsite"));
        assertEquals(0, again.getInt("objectsSent"), "it is there already");
    }

    @Test
    @Order(2)
    void whatABackupNeedsIsCopiedBeforeItAndOtherProjectsSeeNothing() throws SQLException {
        source.execute("shop", "update item set note = 'changed' where id % 50 = 0");
        changes = take(with("kind", "incremental").add("copies", "offsite, nas"));
        assertEquals(full, project.backup(changes).getString("parent"));
        for (String backup : List.of(full, changes)) {
            assertEquals("WHOLE", copyOf(backup, "nas").getString("state"));
            assertEquals("WHOLE", copyOf(backup, "offsite").getString("state"));
            assertEquals(objects(local(), project.backup(backup)), objects(nas, project.backup(backup)));
        }
        other.api().get(other.path("backups/" + changes)).expect(404);
        JsonObject problem = other.api()
                .post(
                        other.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", "copy")
                                .add("databases", Json.createArrayBuilder().add("shop"))
                                .add("parameters", with("store", "nas").add("backup", changes))
                                .build())
                .expect(400)
                .object();
        assertFalse(problem.toString().contains("offsite"), problem::toString);
        admin.delete("api/stores/nas?confirm=nas").expect(409);
        refused("backup", "parameters.copies", with("copies", "local"));
        refused("backup", "parameters.copies", with("copies", "nas, nowhere"));
        refused("copy", "parameters.store", with("store", "nowhere"));
        refused("restore-drill", "parameters.from", with("from", "nowhere"));
    }

    private void refused(String job, String field, JsonObjectBuilder parameters) {
        JsonObject problem = project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", job)
                                .add("databases", Json.createArrayBuilder().add("shop"))
                                .add("parameters", parameters)
                                .build())
                .expect(400)
                .object();
        assertEquals(field, problem.getString("field"), problem::toString);
    }

    @Test
    @Order(3)
    void whatIsDamagedInTheTargetIsNamedAndTheOtherStoreIsFine() throws Exception {
        Path folder = offsite().resolve(project.backup(full).getString("location"));
        String object = objects(folder).keySet().stream()
                .filter(name -> name.startsWith("base.tar"))
                .findFirst()
                .orElseThrow();
        byte[] bytes = Files.readAllBytes(folder.resolve(object));
        bytes[bytes.length / 2] ^= 1;
        Files.write(folder.resolve(object), bytes);

        String drill = project.start(
                "restore-drill",
                "shop",
                with("from", "offsite")
                        .add("upTo", "readable")
                        .add("backup", changes)
                        .build());
        assertEquals("FAILED", project.ended(drill, LONG).getString("status"));
        JsonObject proof = copyOf(changes, "offsite").getJsonObject("proof");
        assertEquals("STORED", proof.getString("level"), proof::toString);
        assertTrue(proof.getString("reason").contains(object), proof::toString);
        project.complete(
                "restore-drill",
                "shop",
                with("upTo", "readable").add("backup", changes).build());
        assertEquals("READABLE", project.backup(changes).getJsonObject("proof").getString("level"));
        assertEquals("STORED", copyOf(changes, "offsite").getJsonObject("proof").getString("level"));

        Path to = nightshift.data().resolve("restore").resolve("damaged");
        String restore = project.start(
                "restore",
                "shop",
                with("from", "offsite")
                        .add("backup", changes)
                        .add("folder", to.toString())
                        .build());
        assertEquals("FAILED", project.ended(restore, LONG).getString("status"));
        assertTrue(project.log(restore).contains(object), project.log(restore));

        String failed = project.start(
                "restore-drill",
                "shop",
                with("from", "offsite")
                        .add("upTo", "intact")
                        .add("backup", full)
                        .build());
        assertEquals("FAILED", project.ended(failed, LONG).getString("status"));
        JsonObject mended = copy(with("store", "offsite").add("which", "all"));
        assertEquals(1, mended.getInt("objectsSent"), mended::toString);
        project.complete(
                "restore-drill",
                "shop",
                with("from", "offsite")
                        .add("upTo", "readable")
                        .add("backup", changes)
                        .build());
        assertEquals(
                "READABLE", copyOf(changes, "offsite").getJsonObject("proof").getString("level"));
    }

    @Test
    @Order(4)
    void aRandomDrillTakesAnOlderBackupAndOneOfEachStoreProvesEachByItself() {
        JsonObject random = figures(project.complete(
                "restore-drill",
                "shop",
                with("which", "random").add("upTo", "stored").build()));
        assertEquals(full, random.getString("backup"), "the only one that is older");
        assertEquals("RANDOM", random.getString("chosen"));
        refused("restore-drill", "parameters.which", with("which", "random").add("backup", full));
        refused(
                "restore-drill",
                "parameters.which",
                with("which", "random-point").add("to", "latest"));
        refused(
                "restore-drill",
                "parameters.upTo",
                with("which", "random-point").add("upTo", "intact"));

        project.complete("restore-drill", "shop", with("from", "each-store").build());
        for (String store : List.of("offsite", "nas")) {
            assertTrue(
                    copyOf(changes, store).getJsonObject("proof").getInt("levelNumber") >= 3,
                    () -> copyOf(changes, store).toString());
        }
        JsonObject drills = drills("?limit=3");
        List<JsonObject> items = drills.getJsonArray("items").getValuesAs(JsonObject.class);
        assertEquals(
                List.of("nas", "offsite", "local"),
                items.stream().map(each -> each.getString("store")).toList());
        for (JsonObject each : items) {
            assertAll(
                    () -> assertEquals("PASSED", each.getString("outcome"), each::toString),
                    () -> assertEquals("NEWEST", each.getString("chosen")),
                    () -> assertEquals(changes, each.getString("backup")),
                    () -> assertTrue(each.getInt("rtoMillis") > 0, each::toString),
                    () -> assertTrue(each.getInt("provenMillis") > each.getInt("rtoMillis"), each::toString));
        }
        assertTrue(drills.getJsonObject("trend").isNull("lastMedianMillis"), "three are not ten");
        JsonObject before = drills("?after=" + drills.getString("next"));
        JsonObject glance = before.getJsonArray("items").getJsonObject(0);
        assertEquals("RANDOM", glance.getString("chosen"), before::toString);
        assertTrue(glance.isNull("rtoMillis"), "no server was started");
        assertTrue(
                before.getJsonArray("items").getValuesAs(JsonObject.class).stream()
                        .anyMatch(each -> each.getString("outcome").equals("FAILED")
                                && each.getString("reason").contains("base.tar")),
                before::toString);
        other.api().get(other.path("databases/shop/drills")).expect(404);
    }

    private JsonObject drills(String query) {
        return project.api()
                .get(project.path("databases/shop/drills" + query))
                .expect(200)
                .object();
    }

    @Test
    @Order(5)
    void aStoreThatRefusesFailsItsStepAndTheBackupStays() throws IOException {
        store(bucket("away", line.port(), "away").add("account", "another"));
        String run = project.start("backup", "shop", with("copies", "away, nas").build());
        JsonObject ended = project.ended(run, LONG);
        assertEquals("FAILED", ended.getString("status"), ended::toString);
        JsonObject target = ended.getJsonArray("targets").getJsonObject(0);
        assertTrue(target.getString("reason").contains("not copied to the store away"), target::toString);
        List<JsonObject> steps = target.getJsonArray("steps").getValuesAs(JsonObject.class);
        JsonObject step = steps.get(steps.size() - 1);
        assertEquals("copies FAILED", step.getString("name") + " " + step.getString("status"));
        String backup = target.getJsonObject("figures").getString("backup");
        assertEquals("COMPLETE", project.backup(backup).getString("state"));
        assertEquals("WHOLE", copyOf(backup, "nas").getString("state"), "one store does not keep the other out");

        // A restart leaves what is in the catalogue alone, whatever its store has lost meanwhile
        Path folder = local().resolve(project.backup(backup).getString("location"));
        Path moved = folder.resolveSibling("moved");
        int before = project.backups("shop").size();
        Files.move(folder.resolve("manifest.json"), moved);
        Map<String, Long> left = objects(folder);
        project.api().post(project.path("runs/" + run + "/restart")).expect(202);
        JsonObject again = project.ended(run, LONG);
        Files.move(moved, folder.resolve("manifest.json"));
        assertEquals("FAILED", again.getString("status"));
        assertEquals(
                backup,
                again.getJsonArray("targets")
                        .getJsonObject(0)
                        .getJsonObject("figures")
                        .getString("backup"));
        left.forEach((name, bytes) -> assertEquals(bytes, objects(folder).get(name), name));
        assertEquals(before, project.backups("shop").size(), "no new one was taken");
        assertEquals(
                List.of("nas"),
                project.backup(backup).getJsonArray("copies").getValuesAs(JsonObject.class).stream()
                        .map(copy -> copy.getString("store"))
                        .toList());
    }

    @Test
    @Order(6)
    void aCopyThatIsKilledInTheMiddleGoesOnAndSendsNothingTwice() throws Exception {
        String backup = take(Json.createObjectBuilder());
        Path folder = offsite().resolve(project.backup(backup).getString("location"));
        line.slow(SLOW);
        String run = project.start("copy", "shop", with("store", "offsite").build());
        Eventually.isTrue("a part of the copy", LONG, () -> objects(folder).size() > 1);
        nightshift.killServer();
        Map<String, FileTime> before = times(folder);
        assertFalse(before.containsKey("manifest.json"), "the copy was under way");
        line.slow(Duration.ZERO);
        nightshift.start();
        JsonObject ended = project.ended(run, LONG);
        assertEquals("COMPLETED", ended.getString("status"), () -> ended + project.log(run));
        JsonObject figures = figures(ended);
        assertSame(local().resolve(project.backup(backup).getString("location")), folder);
        Map<String, FileTime> after = times(folder);
        before.forEach((name, at) -> assertEquals(at, after.get(name), name));
        assertEquals(before.size(), figures.getInt("objectsFound"), figures::toString);
        assertEquals(after.size() - before.size(), figures.getInt("objectsSent"), figures::toString);
    }

    @Test
    @Order(7)
    void aStoreThatStopsInTheMiddleIsWaitedForAndSentTheRest() throws Exception {
        String backup = take(Json.createObjectBuilder());
        Path folder = offsite().resolve(project.backup(backup).getString("location"));
        line.slow(SLOW);
        String run = project.start("copy", "shop", with("store", "offsite").build());
        Eventually.isTrue("a part of the copy", LONG, () -> objects(folder).size() > 1);
        s3.kill();
        assertFalse(objects(folder).containsKey("manifest.json"), "the copy was under way");
        Map<String, FileTime> before = times(folder);
        line.slow(Duration.ZERO);
        s3.restart();
        JsonObject ended = project.ended(run, LONG);
        assertEquals("COMPLETED", ended.getString("status"), () -> ended + project.log(run));
        assertSame(local().resolve(project.backup(backup).getString("location")), folder);
        Map<String, FileTime> after = times(folder);
        before.forEach((name, at) -> assertEquals(at, after.get(name), name));
    }

    @Test
    @Order(8)
    void anotherNameOfTheSamePlaceIsNoCopyAndADrillOfEachStoreTellsOfAllThatFail() throws Exception {
        store(bucket("spelt", URI.create(s3.endpoint()).getPort(), "prod"));
        String refused = project.start(
                "copy", "shop", with("store", "spelt").add("backup", full).build());
        JsonObject ended = project.ended(refused, LONG);
        assertEquals("FAILED", ended.getString("status"));
        assertTrue(ended.toString().contains("is the same place as the store offsite"), ended::toString);
        assertEquals(
                List.of("nas", "offsite"),
                project.backup(full).getJsonArray("copies").getValuesAs(JsonObject.class).stream()
                        .map(copy -> copy.getString("store"))
                        .sorted()
                        .toList());
        admin.delete("api/stores/spelt?confirm=spelt").expect(204);

        String location = project.backup(full).getString("location");
        for (Path store : List.of(offsite(), nas)) {
            Path object = store.resolve(location)
                    .resolve(objects(store.resolve(location)).keySet().stream()
                            .filter(name -> name.startsWith("base.tar"))
                            .findFirst()
                            .orElseThrow());
            byte[] bytes = Files.readAllBytes(object);
            bytes[bytes.length / 2] ^= 1;
            Files.write(object, bytes);
        }
        JsonObjectBuilder each =
                with("from", "each-store").add("upTo", "intact").add("backup", full);
        JsonObject parameters = each.build();
        String drill = project.start("restore-drill", "shop", parameters);
        JsonObject failed = project.ended(drill, LONG);
        assertEquals("FAILED", failed.getString("status"));
        assertEquals(
                "proven intact",
                failed.getJsonArray("targets")
                        .getJsonObject(0)
                        .getJsonObject("figures")
                        .getString("level.local"));
        assertEquals(2, findingsOf(full), "one of each store");
        for (String store : List.of("offsite", "nas")) {
            assertEquals(1, copy(with("store", store).add("backup", full)).getInt("objectsSent"), store);
        }
        project.complete("restore-drill", "shop", parameters);
        assertEquals(0, findingsOf(full));
    }

    private long findingsOf(String backup) {
        return project.api().get(project.path("findings?state=OPEN")).expect(200).items().stream()
                .map(JsonObject::toString)
                .filter(text -> text.contains(backup) && text.contains("\"severity\":\"CRITICAL\""))
                .count();
    }

    @Test
    @Order(9)
    void withoutTheFirstStoreTheCopyIsRestoredWithTheRightRows() throws Exception {
        String rows = rows(source.connect("shop"));
        Path folder = local().resolve(project.backup(changes).getString("location"));
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        Path to = nightshift.data().resolve("restore").resolve("from-copy");
        JsonObject run = project.complete(
                "restore",
                "shop",
                with("backup", changes).add("folder", to.toString()).build());
        assertEquals("offsite", figures(run).getString("store"));
        String log = project.log(run.getString("id"));
        assertTrue(log.contains("Its copy in the store offsite is tried"), log);
        try (RestoredServer server = RestoredServer.start(Postgres.binaries(18), to)) {
            assertEquals(rows, rows(server.connect("shop", "secret")));
        }
        String drill = project.start(
                "restore-drill",
                "shop",
                with("backup", changes).add("upTo", "stored").build());
        JsonObject ended = project.ended(drill, LONG);
        assertEquals("FAILED", ended.getString("status"), "a drill of one store says nothing by another");
        assertTrue(ended.toString().contains("from = "), ended::toString);
        assertEquals(
                "NONE",
                project.backup(changes).getJsonObject("proof").getString("level"),
                "what is not there is not proven");
        assertEquals(
                "offsite",
                project.api()
                        .post(
                                project.path("databases/shop/restore-plan"),
                                Json.createObjectBuilder()
                                        .add(
                                                "to",
                                                with(
                                                        "lsn",
                                                        project.backup(changes).getString("stopLsn")))
                                        .build())
                        .expect(200)
                        .object()
                        .getString("store"));
    }

    @Test
    @Order(10)
    void expiryWaitsForACopyAndFreesAllStoresAndTriesAgainWhereOneIsAway() throws Exception {
        String last = take(Json.createObjectBuilder());
        // The newest that is proven stays
        project.complete("restore-drill", "shop", with("upTo", "restored").build());
        line.slow(SLOW);
        String run = project.start("copy", "shop", with("store", "offsite").build());
        Path folder = offsite().resolve(project.backup(last).getString("location"));
        Eventually.isTrue("a part of the copy", LONG, () -> !objects(folder).isEmpty());
        List<JsonObject> all = project.backups("shop");
        String expire = project.start(
                "expire", "shop", Json.createObjectBuilder().add("keepCount", 1).build());
        Eventually.isTrue(
                "a word of what it waits for",
                LONG,
                () -> project.run(expire).toString().contains("copy"));
        assertFalse(objects(offsite(), project.backup(full)).isEmpty());
        line.slow(Duration.ZERO);
        assertEquals("COMPLETED", project.ended(run, LONG).getString("status"));
        assertEquals("COMPLETED", project.ended(expire, LONG).getString("status"));
        s3.kill();
        String away = project.start("expire", "shop", newest());
        JsonObject ended = project.ended(away, LONG);
        s3.restart();
        assertEquals("FAILED", ended.getString("status"), ended::toString);
        assertTrue(project.log(away).contains("not all gone from the store offsite"), project.log(away));
        List<String> steps =
                ended
                        .getJsonArray("targets")
                        .getJsonObject(0)
                        .getJsonArray("steps")
                        .getValuesAs(JsonObject.class)
                        .stream()
                        .map(step -> step.getString("name") + " " + step.getString("status"))
                        .toList();
        assertTrue(steps.containsAll(List.of("delete FAILED", "log COMPLETED")), steps::toString);
        JsonObject again = project.complete("expire", "shop", newest());
        assertEquals(
                List.of(last),
                project.backups("shop").stream()
                        .map(each -> each.getString("id"))
                        .toList());
        for (JsonObject each : all) {
            if (!each.getString("id").equals(last)) {
                assertAll(
                        () -> assertEquals(Map.of(), objects(local(), each)),
                        () -> assertEquals(Map.of(), objects(offsite(), each)),
                        () -> assertEquals(Map.of(), objects(nas, each)));
            }
        }
        assertEquals(objects(local(), project.backup(last)), objects(offsite(), project.backup(last)));
        assertTrue(again.getString("status").equals("COMPLETED"));
        admin.delete("api/stores/offsite?confirm=offsite").expect(409);
        admin.delete("api/stores/nas?confirm=nas").expect(204);
    }

    @Test
    @Order(11)
    void aDrillOfARandomMomentRecoversToItAndKeepsIt() throws SQLException {
        LogArchiving archive = new LogArchiving(project, "shop");
        archive.begin();
        String backup = take(Json.createObjectBuilder());
        for (int i = 0; i < 3; i++) {
            source.execute("shop", "insert into item values (" + i + ", 'later')", "select pg_sleep(0.5)");
        }
        source.execute("shop", "select pg_switch_wal()", "insert into item values (9, 'last')");
        Instant now = Instant.now();
        archive.awaitCovered();
        JsonObject run = project.complete(
                "restore-drill", "shop", with("which", "random-point").build());
        JsonObject drill = drills("?limit=1").getJsonArray("items").getJsonObject(0);
        assertEquals("RANDOM_POINT", drill.getString("chosen"), drill::toString);
        assertEquals(run.getString("id"), drill.getString("run"));
        assertEquals("RESTORED", drill.getString("level"));
        Instant moment = Instant.parse(drill.getString("point").substring("the time ".length()));
        assertTrue(
                moment.isAfter(Instant.parse(project.backups("shop").get(1).getString("endedAt")))
                        && moment.isBefore(now),
                drill::toString);
        assertTrue(project.log(run.getString("id")).contains("By chance, of"), project.log(run.getString("id")));
        assertEquals(
                "NONE",
                project.backup(backup).getJsonObject("proof").getString("level"),
                "a point behind it proves no backup");
        archive.end();
    }

    private static JsonObject newest() {
        return Json.createObjectBuilder().add("keepCount", 1).add("apply", true).build();
    }
}
