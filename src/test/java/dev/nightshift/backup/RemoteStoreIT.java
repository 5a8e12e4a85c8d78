package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.AzureServer;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.GoogleStandIn;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import dev.nightshift.vault.ExportedKeys;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A store behind a server that speaks S3, from its definition to a restored database. */
@Tag("thorough")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RemoteStoreIT extends RemoteShop {
    @Test
    @Order(1)
    void aStoreIsDefinedCheckedAndSeenByName() throws IOException {
        Api.Answer made = admin.post(
                        "api/stores", described("offsite", "prod", secretFile).build())
                .expect(201);
        assertEquals(nightshift.https() + "api/stores/offsite", made.header("Location"));
        admin.post("api/stores", described("offsite", "other", secretFile).build())
                .expect(409);
        admin.post("api/stores", described("again", "prod", secretFile).build()).expect(409);

        JsonObject check = admin.post("api/stores/offsite/check").expect(200).object();
        assertTrue(check.getBoolean("works"), check::toString);
        assertEquals(
                List.of("OPEN", "WRITE", "ONCE", "READ", "LIST", "DELETE", "LOCK"),
                check.getJsonArray("steps").getValuesAs(JsonObject.class).stream()
                        .map(step -> step.getString("step"))
                        .toList());
        assertEquals(List.of(), objects("."), "the check leaves nothing");
        assertTrue(admin.post("api/stores/local/check").expect(200).object().getBoolean("works"));

        JsonObject seen = store(admin, "offsite");
        assertEquals(s3.endpoint(), seen.getString("endpoint"));
        assertEquals(secretFile, seen.getString("secretFile"));
        Api viewer = Accounts.key(nightshift, "offsite", "VIEWER");
        JsonObject named = store(viewer, "offsite");
        assertEquals("S3", named.getString("kind"));
        assertFalse(named.toString().contains("127.0.0.1") || named.toString().contains(S3Server.KEY), named::toString);
    }

    private static JsonObject store(Api caller, String name) {
        return caller.get("api/stores").expect(200).array().getValuesAs(JsonObject.class).stream()
                .filter(store -> store.getString("name").equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    @Order(2)
    void aStoreThatDoesNotWorkSaysAtWhichStepAndWhatToDo() throws IOException {
        String wrong = TestStores.secretFile(nightshift, "wrong.key", "another-secret-entirely");
        admin.post("api/stores", described("wrong", "wrong", wrong).build()).expect(201);
        JsonObject check = admin.post("api/stores/wrong/check").expect(200).object();
        assertFalse(check.getBoolean("works"));
        JsonObject failed = check.getJsonArray("steps").getJsonObject(1);
        assertEquals("WRITE", failed.getString("step"));
        assertTrue(failed.getString("reason").contains("SignatureDoesNotMatch"), failed::toString);
        assertTrue(failed.getString("remedy").contains("secret"), failed::toString);

        admin.put(
                        "api/stores/wrong",
                        Json.createObjectBuilder().add("bucket", "another").build())
                .expect(400);
        admin.put(
                        "api/stores/wrong",
                        Json.createObjectBuilder()
                                .add("secretFile", "")
                                .add("secretVariable", "NIGHTSHIFT_CREDENTIAL_TEST")
                                .build())
                .expect(200);
        assertTrue(admin.post("api/stores/wrong/check").expect(200).object().getBoolean("works"));
        admin.delete("api/stores/wrong").expect(400);
        admin.delete("api/stores/wrong?confirm=wrong").expect(204);
        admin.delete("api/stores/wrong?confirm=wrong").expect(404);
        admin.delete("api/stores/local?confirm=local").expect(409);
    }

    @Test
    @Order(2)
    void whatCannotBeAStoreIsRefusedByItsField() {
        assertAll(
                () -> refused("endpoint", described("x", "", secretFile).add("endpoint", "http://example.org")),
                () -> refused("endpoint", described("x", "", secretFile).add("endpoint", "https://me:pw@example.org")),
                () -> refused("prefix", described("x", "../up", secretFile)),
                () -> refused("bucket", described("x", "", secretFile).add("bucket", "No/Bucket")),
                () -> refused("name", described("local", "", secretFile)),
                () -> refused("name", described("No Name", "", secretFile)),
                () -> refused("kind", described("x", "", secretFile).add("kind", "TAPE")),
                () -> refused("secretFile", described("x", "", "/etc/hostname")),
                () -> refused("secretFile", described("x", "", "")),
                () -> refused("secretVariable", described("x", "", "").add("secretVariable", "NIGHTSHIFT_MASTER_KEY")),
                () -> refused("folder", described("x", "", secretFile).add("folder", "/srv")),
                () -> refused(
                        "folder",
                        Json.createObjectBuilder()
                                .add("name", "x")
                                .add("kind", "FOLDER")
                                .add("folder", "/srv/x")));
    }

    private void refused(String field, JsonObjectBuilder body) {
        JsonObject problem = admin.post("api/stores", body.build()).expect(400).object();
        assertEquals(field, problem.getString("field"), problem::toString);
    }

    @Test
    @Order(3)
    void aBackupInABucketIsProvenMatchedAndRestored() throws Exception {
        String full = take(asked("offsite"));
        JsonObject backup = project.backup(full);
        assertEquals("offsite", backup.getString("store"));
        long stored = 0;
        for (Path object : objects("prod/" + backup.getString("location"))) {
            stored += Files.size(object);
            assertTrue(Files.size(object) < 34L << 20, object::toString);
        }
        assertTrue(stored >= backup.getJsonNumber("storedBytes").longValue(), "what is stored is in the bucket");
        assertFalse(Files.exists(nightshift.data().resolve("store").resolve(backup.getString("location"))));
        assertEquals(
                1,
                admin.get(project.path("backups/" + full + "/evidence"))
                        .expect(200)
                        .object()
                        .getJsonArray("databases")
                        .size());

        source.execute("shop", "update item set note = 'changed' where id % 100 = 0");
        String rows = TwoStores.rows(source.connect("shop"));
        String changes = take(asked("offsite").add("kind", "incremental"));
        assertEquals(full, project.backup(changes).getString("parent"));

        project.complete("restore-drill", "shop", TestProject.parameters("backup", changes));
        JsonObject proof = project.backup(changes).getJsonObject("proof");
        assertEquals("MATCHED", proof.getString("level"), proof::toString);

        Path folder = nightshift.data().resolve("restore").resolve("offsite-" + changes);
        project.complete(
                "restore",
                "shop",
                Json.createObjectBuilder()
                        .add("backup", changes)
                        .add("folder", folder.toString())
                        .build());
        try (RestoredServer server = RestoredServer.start(Postgres.binaries(18), folder)) {
            assertEquals(rows, TwoStores.rows(server.connect("shop", "secret")));
        }

        admin.delete("api/stores/offsite?confirm=offsite").expect(409);
        // What holds changes only is built on what lies in the same store
        String elsewhere = take(Json.createObjectBuilder().add("kind", "incremental"));
        assertEquals("FULL", project.backup(elsewhere).getString("kind"));
        assertEquals(
                "there is no usable backup of this cluster to build on",
                project.backup(elsewhere).getString("fullBecause"));
        String refused = project.start(
                "backup",
                "shop",
                Json.createObjectBuilder()
                        .add("kind", "incremental")
                        .add("parent", full)
                        .build());
        assertEquals("SKIPPED", project.ended(refused, Duration.ofMinutes(2)).getString("status"));
        assertTrue(project.log(refused).contains("another store, offsite"), project.log(refused));
    }

    @Test
    @Order(4)
    void aStoreThatIsAwayFailsTheRunAndALaterOneWorks() throws IOException {
        List<Path> before = objects("prod");
        s3.kill();
        @Nullable String run = null;
        try {
            run = project.start("backup", "shop", asked("offsite").build());
            String failed = run;
            Eventually.isTrue(
                    "a word about the store",
                    Duration.ofMinutes(2),
                    () -> project.log(failed).contains("The store offsite cannot be used: "));
            String inIt = project.backups("shop").stream()
                    .filter(each -> each.getString("store").equals("offsite"))
                    .findFirst()
                    .orElseThrow()
                    .getString("id");
            JsonObject away = admin.get(project.path("backups/" + inIt + "/objects"))
                    .expect(503)
                    .object();
            assertTrue(away.getString("detail").contains("The store offsite"), away::toString);
        } finally {
            s3.restart();
        }
        JsonObject ended = project.ended(run, Duration.ofMinutes(4));
        if (ended.getString("status").equals("FAILED")) {
            assertEquals(before, objects("prod"));
        }
        take(asked("offsite"));
        project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", "backup")
                                .add("databases", Json.createArrayBuilder().add("shop"))
                                .add("parameters", asked("nowhere"))
                                .build())
                .expect(400);
    }

    /** In a store of its own: of the others every object is counted. */
    @Test
    @Order(4)
    void archivedLogGoesOnWithoutAGapWhereItsStoreDiesInTheMiddle(@TempDir Path folder) throws Exception {
        admin.post("api/stores", described("logs", "logs", secretFile).build()).expect(201);
        ExportedKeys keys = ExportedKeys.read(project.recoveryKey(folder));
        try (Postgres server = Postgres.start(18, TestArchive.KEEPS)) {
            project.register("logged", server, "postgres");
            TestArchive archive = new TestArchive(project, "logged");
            archive.change(TestArchive.on().add("store", "logs"));
            archive.awaitState("STREAMING");
            TestArchive.fill(server, "before", 1);
            archive.awaitCovered();
            s3.kill();
            try {
                TestArchive.fill(server, "meanwhile", 2);
                archive.awaitFailure("The store logs cannot be used");
            } finally {
                s3.restart();
            }
            archive.hurry();
            TestArchive.fill(server, "after", 1);
            archive.awaitCovered();
            assertEquals(1, archive.wal().getJsonArray("stretches").size(), "no gap");
            assertTrue(
                    TestArchive.sameAsOfServer(archive.stored(s3.bucket().resolve("logs"), keys), server) >= 4,
                    "segments, to the byte");
            archive.off();
        }
    }

    @Test
    @Order(5)
    void everyOtherKindHoldsABackupThatIsProven(@TempDir Path folder) throws Exception {
        Path elsewhere = roots.resolve("nas");
        try (AzureServer azure = AzureServer.start(folder);
                GoogleStandIn google = GoogleStandIn.start(folder)) {
            proven(Json.createObjectBuilder()
                    .add("name", "azure")
                    .add("kind", "AZBLOB")
                    .add("bucket", AzureServer.CONTAINER)
                    .add("endpoint", azure.endpoint())
                    .add("account", AzureServer.ACCOUNT)
                    .add("secretFile", TestStores.secretFile(nightshift, "azure.key", AzureServer.SECRET)));
            proven(Json.createObjectBuilder()
                    .add("name", "google")
                    .add("kind", "GCS")
                    .add("bucket", GoogleStandIn.BUCKET)
                    .add("prefix", "nightshift")
                    .add("endpoint", google.endpoint()));
            proven(TestStores.folder("nas", elsewhere));
            assertTrue(Files.isDirectory(elsewhere.resolve("offsite/shop")));
        }
    }

    private void proven(JsonObjectBuilder described) {
        String name =
                admin.post("api/stores", described.build()).expect(201).object().getString("name");
        JsonObject check = TestStores.checked(admin, name);
        assertTrue(check.getBoolean("works"), check::toString);
        String backup = take(asked(name));
        assertEquals(name, project.backup(backup).getString("store"));
        project.complete(
                "restore-drill",
                "shop",
                Json.createObjectBuilder()
                        .add("backup", backup)
                        .add("upTo", "readable")
                        .build());
        assertEquals("READABLE", project.backup(backup).getJsonObject("proof").getString("level"));
    }

    /** The first heartbeat of a start sweeps: the stores of the test before are gone by then. */
    @Test
    @Order(6)
    void aServerThatIsKilledInTheMiddleLeavesNothingBehindAndAStoreThatIsGoneKeepsNoOtherOut() throws Exception {
        List<Path> before = objects("prod");
        String run = project.start(
                "backup",
                "shop",
                asked("offsite")
                        .add("compress", "here")
                        .add("rateLimitKilobytesPerSecond", 8192)
                        .build());
        Eventually.isTrue(
                "an object in the bucket",
                Duration.ofMinutes(2),
                () -> objects("prod").size() > before.size());
        nightshift.killServer();
        nightshift.start();
        JsonObject ended = project.ended(run, Duration.ofMinutes(4));
        assertEquals("COMPLETED", ended.getString("status"), () -> ended + project.log(run));
        assertTrue(project.log(run).contains("Removed what the interrupted attempt had stored"), project.log(run));
        List<String> kept = project.backups("shop").stream()
                .filter(backup -> backup.getString("store").equals("offsite"))
                .map(backup -> "prod/" + backup.getString("location"))
                .sorted()
                .toList();
        assertEquals(
                kept,
                objects("prod").stream()
                        .map(object ->
                                s3.bucket().relativize(object).subpath(0, 4).toString())
                        .distinct()
                        .sorted()
                        .toList());
        Eventually.isTrue("a word about the store that is gone", Duration.ofMinutes(2), () -> {
            String log = text(nightshift.data().resolve("logs").resolve("messages.log"));
            return log.contains("The store azure could not be swept")
                    && log.contains("The store google could not be swept");
        });
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Order(7)
    void noLogHoldsTheSecret() throws IOException {
        for (Path log : nightshift.logs()) {
            assertFalse(text(log).contains(S3Server.SECRET), log::toString);
        }
    }
}
