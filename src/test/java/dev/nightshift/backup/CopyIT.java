package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Copies of backups in a bucket and in another folder: what lies there is looked at from behind. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CopyIT extends TwoStores {
    private String full = "";
    private String changes = "";

    CopyIT() {
        super("copies");
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
                project.plan("shop", with("lsn", project.backup(changes).getString("stopLsn")))
                        .getString("store"));
    }
}
