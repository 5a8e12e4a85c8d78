package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * A project's key is exchanged under a chain, an archived log and a bucket: descriptions are written anew and data never, whatever
 * is away or killed on the way, and the old key goes once nothing needs it.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RotateKeysIT {
    private static final Duration SOON = Duration.ofMinutes(2);

    private Nightshift nightshift;
    private S3Server s3;
    private Postgres source;
    private Postgres other;
    private TestProject project;
    private Path oldKeyFile;
    private String first;
    private String second;

    @BeforeAll
    void aChainAndALogNearByAndABackupFarAway(@TempDir Path folder) throws Exception {
        s3 = S3Server.start(folder);
        nightshift = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false"));
        nightshift.start();
        Path secret = Files.createDirectories(nightshift.data().resolve("credentials"))
                .resolve("far.key");
        Files.writeString(secret, S3Server.SECRET);
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        nightshift
                .admin()
                .post(
                        "api/stores",
                        Json.createObjectBuilder()
                                .add("name", "far")
                                .add("kind", "S3")
                                .add("bucket", S3Server.BUCKET)
                                .add("prefix", "")
                                .add("endpoint", s3.endpoint())
                                .add("account", S3Server.KEY)
                                .add("secretFile", secret.toString())
                                .build())
                .expect(201);
        Map<String, String> settings = Map.of("max_wal_senders", "6", "summarize_wal", "on");
        source = Postgres.start(18, settings);
        other = Postgres.start(18, settings);
        source.execute("postgres", "create table t as select id from generate_series(1, 1000) id");
        project = TestProject.create(nightshift.admin(), "rotating");
        project.register("near", source, "postgres");
        project.register("away", other, "postgres");
        project.api()
                .put(
                        project.path("instances/near/wal"),
                        Json.createObjectBuilder()
                                .add("enabled", true)
                                .add("pieceSeconds", 5)
                                .build())
                .expect(200);
        awaitStreaming();
        project.complete("backup", "near", TestProject.none());
        project.complete("backup", "near", TestProject.parameters("kind", "incremental"));
        project.complete("backup", "away", TestProject.parameters("store", "far"));
        oldKeyFile = project.recoveryKey(folder);
        first = project.primaryKey();
        second = first;
    }

    private void awaitStreaming() {
        Eventually.isTrue(
                "streaming",
                SOON,
                () -> project.api()
                        .get(project.path("instances/near/wal"))
                        .expect(200)
                        .object()
                        .getString("state")
                        .equals("STREAMING"));
    }

    @AfterAll
    void close() {
        nightshift.remove();
        source.close();
        other.close();
        s3.close();
    }

    private List<JsonObject> keys() {
        return project.api().get(project.path("keys")).expect(200).items();
    }

    private JsonObject key(String id) {
        return keys().stream()
                .filter(key -> key.getString("id").equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** Begins to wrap everything anew. */
    private String rewrap() {
        return project.start("rewrap-keys", "*", TestProject.none());
    }

    private Path store() {
        return nightshift.data().resolve("store");
    }

    /** Every object that lies in the stores, but for those that were not committed. */
    private Map<String, byte[]> objects() {
        Map<String, byte[]> objects = new TreeMap<>();
        for (Path root : List.of(store(), s3.bucket())) {
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.filter(Files::isRegularFile)
                        .filter(file -> !file.toString().contains("/log-") || isDescription(file))
                        .toList()) {
                    objects.put(file.toString(), Files.readAllBytes(file));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return objects;
    }

    private static boolean isDescription(Path file) {
        return file.endsWith("manifest.json") || file.endsWith("archive.json");
    }

    private List<String> descriptionsThatName(String key) {
        return objects().entrySet().stream()
                .filter(object -> isDescription(Path.of(object.getKey())))
                .filter(object ->
                        new String(object.getValue(), StandardCharsets.UTF_8).contains("\"id\":\"" + key + "\""))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** How many were wrapped anew, on all servers. */
    private static int figure(JsonObject run) {
        return run.getJsonArray("targets").getValuesAs(JsonObject.class).stream()
                .mapToInt(target -> target.getJsonObject("figures").getInt("rewrapped"))
                .sum();
    }

    private JsonObject ended(String run) {
        return project.ended(run, Duration.ofMinutes(4));
    }

    @Test
    @Order(1)
    void theDescriptionsAreWrittenAnewAndNothingElse(@TempDir Path folder) throws Exception {
        assertEquals(1, keys().size());
        assertEquals(3, key(first).getInt("backups"));
        assertEquals(1, key(first).getInt("logs"));
        project.api()
                .delete(project.path("keys/" + first + "?confirm=" + first))
                .expect(409);
        Map<String, byte[]> before = objects();

        second = project.api()
                .post(project.path("keys/rotate"))
                .expect(200)
                .object()
                .getString("key");
        assertFalse(key(first).isNull("exportedAt"), () -> keys().toString());
        assertTrue(key(second).isNull("exportedAt"), () -> keys().toString());
        String early = rewrap();
        assertEquals("FAILED", ended(early).getString("status"));
        assertTrue(project.log(early).contains("is in no recovery kit"), () -> project.log(early));
        assertEquals(4, descriptionsThatName(first).size(), "nothing hangs on a key that the repository alone holds");
        project.recoveryKey(folder);
        assertFalse(key(second).isNull("exportedAt"), () -> keys().toString());
        JsonObject run = ended(rewrap());
        assertEquals("COMPLETED", run.getString("status"), () -> run + project.log(run.getString("id")));

        Map<String, byte[]> after = objects();
        assertEquals(before.keySet(), after.keySet());
        List<String> changed = before.keySet().stream()
                .filter(name -> !Arrays.equals(before.get(name), after.get(name)))
                .toList();
        assertAll(
                () -> assertNotEquals(first, second),
                () -> assertEquals(second, project.primaryKey()),
                () -> assertEquals(4, changed.size(), changed::toString),
                () -> assertTrue(changed.stream().allMatch(name -> isDescription(Path.of(name))), changed::toString),
                () -> assertEquals(List.of(), descriptionsThatName(first)),
                () -> assertEquals(4, descriptionsThatName(second).size()),
                () -> assertEquals(0, key(first).getInt("backups") + key(first).getInt("logs")),
                () -> assertEquals(3, key(second).getInt("backups")),
                () -> assertEquals(1, key(second).getInt("logs")));

        // As from a copy of the store that was brought back: the catalogue does not know of it
        Files.write(Path.of(changed.get(0)), before.get(changed.get(0)));
        assertEquals(1, figure(ended(rewrap())));
        assertEquals(List.of(), descriptionsThatName(first));

        Path stored = store().resolve(project.backups("near").get(0).getString("location"));
        assertEquals(
                1, ByHand.decode(stored, oldKeyFile, folder.resolve("old")).exit(), "the old key opens it no more");
        ByHand.decode(stored, project.recoveryKey(folder), folder.resolve("new"))
                .succeeded();
    }

    @Test
    @Order(2)
    void everythingGoesOnUnderTheNewKey() throws Exception {
        source.execute(
                "postgres", "insert into t select id from generate_series(1001, 2000) id", "select pg_switch_wal()");
        project.complete("backup", "near", TestProject.parameters("kind", "incremental"));
        JsonObject newest = project.backups("near").get(0);
        assertEquals("INCREMENTAL", newest.getString("kind"), "it was built on what was wrapped anew");
        assertEquals(second, newest.getString("keyId"));
        project.complete("restore-drill", "near", TestProject.none());
        assertTrue(
                project.backups("near").get(0).getJsonObject("proof").getInt("levelNumber") >= 3,
                () -> project.backups("near").get(0).toString());
        awaitStreaming();
    }

    /** A copy that somebody brought back is in no catalogue. */
    @Test
    @Order(3)
    void aKeyThatSomethingInAStoreNeedsIsNotDestroyed() throws Exception {
        Path copy = store().resolve("rotating")
                .resolve("near")
                .resolve(UUID.randomUUID().toString());
        Files.createDirectories(copy);
        Files.writeString(
                copy.resolve("manifest.json"),
                "broken, of "
                        + Json.createReader(Files.newBufferedReader(oldKeyFile))
                                .readObject()
                                .getString("project") + ", key \"" + first + "\"");
        Api.Answer refused = project.api().delete(project.path("keys/" + first + "?confirm=" + first));
        assertEquals(409, refused.expect(409).status());
        assertTrue(refused.body().contains(copy.getFileName().toString()), refused::body);
        Files.delete(copy.resolve("manifest.json"));
        Files.delete(copy);

        s3.kill();
        try {
            project.api()
                    .delete(project.path("keys/" + first + "?confirm=" + first))
                    .expect(503);
        } finally {
            s3.restart();
        }
        project.api().delete(project.path("keys/" + first)).expect(400);
        Api viewer = Accounts.key(nightshift, "rotating", "OPERATOR");
        viewer.get(project.path("keys")).expect(200);
        viewer.post(project.path("keys/rotate")).expect(403);
        viewer.delete(project.path("keys/" + first + "?confirm=" + first)).expect(403);
        TestProject.create(nightshift.admin(), "elsewhere");
        Api foreign = Accounts.key(nightshift, "elsewhere", "ADMIN");
        foreign.get(project.path("keys")).expect(404);
        foreign.post(project.path("keys/rotate")).expect(404);

        project.api()
                .delete(project.path("keys/" + first + "?confirm=" + first))
                .expect(204);
        assertEquals(1, keys().size());
        project.api()
                .delete(project.path("keys/" + first + "?confirm=" + first))
                .expect(404);
        project.complete(
                "restore-drill",
                "near",
                Json.createObjectBuilder().add("upTo", "readable").build());
    }

    @Test
    @Order(4)
    void aStoreThatIsAwayLeavesTheRunPartialAndItsRestartDoesTheRest() {
        s3.kill();
        String third = project.rotateKey();
        String run = rewrap();
        JsonObject partial = ended(run);
        assertEquals("PARTIAL", partial.getString("status"), () -> partial + project.log(run));
        assertTrue(project.log(run).contains("The store far is left out"), () -> project.log(run));
        assertEquals(1, key(second).getInt("backups"), "the one that is far away");
        project.api()
                .delete(project.path("keys/" + second + "?confirm=" + second))
                .expect(409);
        s3.restart();
        project.api().post(project.path("runs/" + run + "/restart")).expect(202);
        assertEquals("COMPLETED", ended(run).getString("status"), () -> project.log(run));
        assertEquals(List.of(), descriptionsThatName(second));
        assertEquals(0, key(second).getInt("backups"));
        second = third;
    }

    /** Cut off after the store and before the catalogue; then killed while a store keeps it waiting. */
    @Test
    @Order(5)
    void whatWasKilledInTheMiddleIsFinished() throws Exception {
        Map<String, byte[]> before = objects();
        nightshift.repository().execute("update backup.backup set key_id = 'aaaaaaaa'");
        JsonObject again = project.complete("rewrap-keys", "near", TestProject.none());
        assertEquals(3, figure(again));
        assertEquals(before.keySet(), objects().keySet());
        before.forEach(
                (name, bytes) -> assertTrue(Arrays.equals(bytes, objects().get(name)), name));

        s3.kill();
        String rotated = project.rotateKey();
        String run = rewrap();
        Eventually.isTrue(
                "the near ones", SOON, () -> descriptionsThatName(rotated).size() == 4);
        nightshift.killServer();
        s3.restart();
        nightshift.start();
        project = TestProject.of(nightshift.admin(), "rotating");
        JsonObject end = ended(run);
        assertEquals("COMPLETED", end.getString("status"), () -> end + project.log(run));
        assertEquals(5, descriptionsThatName(rotated).size());
        project.complete(
                "restore-drill",
                "away",
                Json.createObjectBuilder().add("upTo", "readable").build());
    }

    /** It began before the new key was made, and may end with the old one; nothing may be destroyed meanwhile. */
    @Test
    @Order(6)
    void aBackupThatIsUnderWayIsWaitedForAndWrappedAfterwards() {
        String old = project.primaryKey();
        String run = project.start(
                "backup",
                "near",
                Json.createObjectBuilder()
                        .add("rateLimitKilobytesPerSecond", 8192)
                        .build());
        Eventually.isTrue(
                "the copy",
                SOON,
                () -> project.currentStep(run).filter("copy"::equals).isPresent());
        String rotated = project.rotateKey();
        String anew = rewrap();
        Eventually.isTrue(
                "waiting", SOON, () -> project.run(anew).toString().contains("the two keep apart from each other"));
        Api.Answer refused = project.api().delete(project.path("keys/" + old + "?confirm=" + old));
        refused.expect(409);
        assertEquals("COMPLETED", ended(run).getString("status"), () -> project.log(run));
        assertEquals("COMPLETED", ended(anew).getString("status"));
        assertEquals(List.of(), descriptionsThatName(old));
        assertEquals(rotated, project.backups("near").get(0).getString("keyId"));
        project.api().delete(project.path("keys/" + old + "?confirm=" + old)).expect(204);
    }
}
