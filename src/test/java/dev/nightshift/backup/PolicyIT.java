package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Goals missed and met by real backups, drills and log; and what a policy's rule deletes, by the test's own look into the store. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PolicyIT extends PolicyScene {
    @Test
    @Order(1)
    void beforeTheFirstBackupNothingIsMet() {
        JsonObject created = api().post(
                        project.path("policies"),
                        policy("gold", NAME, goals(1))
                                .add("description", "what customers pay for")
                                .build())
                .expect(201)
                .object();
        assertEquals("what customers pay for", created.getJsonObject("policy").getString("description"));
        Eventually.isTrue("a second", SOON, () -> goal("RPO").getString("state").equals("MISSED"));
        state("RPO", "MISSED", "There is no backup that can be restored: all of its data would be lost.");
        state("RTO", "UNKNOWN", "No drill has restored a backup of it");
        state("PROOF", "UNKNOWN", "No backup of it has been restored in a drill");
        state("BACKUP", "UNKNOWN", "There is no good backup of it.");
        JsonObject counts =
                api().get(project.path("policies")).expect(200).items().get(0).getJsonObject("counts");
        assertAll(
                () -> assertEquals(1, counts.getInt("instances")),
                () -> assertEquals(0, counts.getInt("met")),
                () -> assertEquals(1, counts.getInt("missed")),
                () -> assertEquals(3, counts.getInt("unknown")),
                () -> assertTrue(goal("RPO").isNull("measured")));
    }

    @Test
    @Order(2)
    void aBackupMeetsItsAgeAndWithoutLogWhatCameAfterItWouldBeLost() throws Exception {
        project.complete("backup", NAME, TestProject.none());
        Thread.sleep(1_100);
        state("BACKUP", "MET", "Its newest good backup is of");
        state("RPO", "MISSED", "No log is archived: data since the newest backup of");
        assertTrue(goal("RPO").getInt("measured") > 1);
    }

    @Test
    @Order(3)
    void aDrillMeasuresTheTimeToRestoreAndTheProof() {
        JsonObject run = project.complete("restore-drill", NAME, TestProject.none());
        long millis = figures(run).getJsonNumber("rtoMillis").longValue();
        state("PROOF", "MET", "Its newest proof is of");
        state("RTO", "MET", "The drill of");
        assertEquals((millis + 999) / 1_000, goal("RTO").getInt("measured"));
        Eventually.isTrue("the finding about the data loss", SOON, () -> found("data loss"));
        assertFalse(found("time to restore") || found("age of the proof") || found("age of the backup"));
    }

    @Test
    @Order(4)
    void archivedLogThatGoesOnFromABackupMeetsTheGoal() throws Exception {
        archive(true);
        Eventually.isTrue("streaming", SOON, () -> wal().getString("state").equals("STREAMING"));
        project.complete("backup", NAME, TestProject.none());
        source.execute("postgres", "insert into t values (2)", "select pg_switch_wal()");
        api().put(
                        project.path("policies/gold"),
                        Json.createObjectBuilder().add("goals", goals(120)).build())
                .expect(200);
        Eventually.isTrue(
                "the log",
                SOON,
                () -> goal("RPO").getString("reason").startsWith("All that the server had acknowledged by"));
        state("RPO", "MET", "All that the server");
        Eventually.isTrue("no finding", SOON, () -> !found("data loss"));
    }

    @Test
    @Order(5)
    void onePolicyAnswersForAServer() {
        api().post(project.path("policies"), policy("all", "*", goals(1)).build())
                .expect(201);
        JsonObject all = details("all");
        assertAll(
                () -> assertEquals(0, all.getJsonArray("instances").size()),
                () -> assertEquals(
                        "gold",
                        all.getJsonArray("answeredElsewhere").getJsonObject(0).getString("policy")),
                () -> assertEquals(
                        0, details("gold").getJsonArray("answeredElsewhere").size()));
        assertEquals(
                List.of(),
                api().delete(project.path("policies/all?confirm=all"))
                        .expect(200)
                        .object()
                        .getJsonArray("instances"),
                "it answered for none");
        api().get(project.path("policies/all")).expect(404);
    }

    @Test
    @Order(6)
    void whatCannotBeIsRefused() {
        JsonObject gold = policy("gold", NAME, goals(1)).build();
        TestProject other = TestProject.create(nightshift.admin(), "goals-elsewhere");
        assertAll(
                () -> assertEquals(
                        409, api().post(project.path("policies"), gold).status()),
                () -> assertEquals(
                        400,
                        api().post(
                                        project.path("policies"),
                                        policy("bad", "nobody", goals(1)).build())
                                .status()),
                () -> assertEquals(
                        400,
                        api().post(
                                        project.path("policies"),
                                        policy("bad", "tag:none", goals(1)).build())
                                .status()),
                () -> assertEquals(
                        400,
                        api().post(
                                        project.path("policies"),
                                        policy("simulate", "*", goals(1)).build())
                                .status()),
                () -> assertEquals(
                        400,
                        api().put(
                                        project.path("policies/gold"),
                                        Json.createObjectBuilder()
                                                .add("name", "silver")
                                                .build())
                                .status()),
                () -> assertEquals(
                        400, api().delete(project.path("policies/gold")).status()),
                () -> assertEquals(404, api().get(other.path("policies/gold")).status()),
                () -> assertEquals(
                        404, api().put(other.path("policies/gold"), gold).status()),
                () -> assertEquals(
                        404,
                        api().delete(other.path("policies/gold?confirm=gold")).status()),
                () -> assertEquals(
                        List.of(), api().get(other.path("policies")).expect(200).items()));
    }

    @Test
    @Order(7)
    void aServerWhosePolicyDoesNotSayWhatToKeepIsSkipped() {
        JsonObject both = Json.createObjectBuilder()
                .add("policy", true)
                .add("keepCount", 1)
                .build();
        assertEquals(400, start(both).status());
        String id = project.start("expire", NAME, byPolicy());
        JsonObject target = project.ended(id, SOON).getJsonArray("targets").getJsonObject(0);
        assertAll(
                () -> assertEquals("SKIPPED", target.getString("status"), target::toString),
                () -> assertTrue(target.toString().contains("says not which backups to keep"), target::toString));
    }

    private Api.Answer start(JsonObject parameters) {
        return api().post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", "expire")
                                .add("databases", Json.createArrayBuilder().add(NAME))
                                .add("parameters", parameters)
                                .build());
    }

    private static JsonObject byPolicy() {
        return Json.createObjectBuilder().add("policy", true).add("apply", true).build();
    }

    @Test
    @Order(8)
    void whatASimulationSaysIsWhatExpiryDeletes() throws Exception {
        project.complete("backup", NAME, TestProject.none());
        project.complete("restore-drill", NAME, TestProject.parameters("upTo", "restored"));
        archive(false);
        Eventually.isTrue("off", SOON, () -> wal().getString("state").equals("OFF"));
        Path folder = nightshift.data().resolve("store").resolve("goals").resolve(NAME);
        Path log = nightshift.data().resolve("store").resolve(wal().getString("location"));
        Map<String, Long> before = backups(folder);
        long logBefore = bytes(log);

        JsonObject simulated = api().post(
                        project.path("policies/simulate"),
                        Json.createObjectBuilder()
                                .add("name", "gold")
                                .add("keep", newest())
                                .build())
                .expect(200)
                .object()
                .getJsonArray("instances")
                .getJsonObject(0);
        assertAll(
                () -> assertEquals(before, backups(folder), "nothing is changed"),
                () -> assertEquals(logBefore, bytes(log)),
                () -> assertEquals(
                        0,
                        details("gold")
                                .getJsonObject("policy")
                                .getJsonObject("keep")
                                .getInt("count")));

        api().put(
                        project.path("policies/gold"),
                        Json.createObjectBuilder().add("keep", newest()).build())
                .expect(200);
        JsonObject figures = figures(project.complete("expire", NAME, byPolicy()));
        Map<String, Long> gone = backups(folder);
        Map<String, Long> freed = new HashMap<>(before);
        freed.keySet().removeAll(gone.keySet());
        Map<String, Long> goes = new HashMap<>();
        for (JsonObject each : simulated.getJsonArray("goes").getValuesAs(JsonObject.class)) {
            goes.put(each.getString("backup"), each.getJsonNumber("bytes").longValue());
        }
        long bytes = freed.values().stream().mapToLong(Long::longValue).sum();
        List<JsonObject> stays = simulated.getJsonArray("stays").getValuesAs(JsonObject.class);
        assertAll(
                () -> assertEquals(2, goes.size(), simulated::toString),
                () -> assertEquals(freed, goes, "byte for byte"),
                () -> assertEquals(bytes, simulated.getJsonNumber("bytesFreed").longValue()),
                () -> assertEquals(bytes, figures.getJsonNumber("bytesFreed").longValue()),
                () -> assertTrue(logBefore > bytes(log), "the log that only they needed goes too"),
                () -> assertEquals(
                        logBefore - bytes(log),
                        simulated.getJsonNumber("logBytesFreed").longValue()),
                () -> assertEquals(
                        figures.getJsonNumber("logBytesFreed").longValue(),
                        simulated.getJsonNumber("logBytesFreed").longValue()),
                () -> assertEquals(
                        Instant.parse(figures.getString("windowFrom")).truncatedTo(ChronoUnit.MILLIS),
                        Instant.parse(simulated.getString("windowFrom"))),
                () -> assertFalse(Instant.parse(simulated.getString("windowTo"))
                        .isBefore(Instant.parse(simulated.getString("windowFrom")))),
                () -> assertEquals(
                        gone.keySet(),
                        stays.stream().map(each -> each.getString("backup")).collect(Collectors.toSet())),
                () -> assertTrue(
                        stays.stream()
                                .flatMap(each -> each.getJsonArray("because").getValuesAs(JsonString.class).stream())
                                .map(JsonString::getString)
                                .anyMatch("it is the newest that is proven restorable"::equals),
                        simulated::toString));
    }

    @Test
    @Order(9)
    void aRunThatIsStartedAgainGoesByTheRuleThatItBeganWith() throws Exception {
        project.complete("backup", NAME, TestProject.none());
        project.complete("backup", NAME, TestProject.none());
        Path folder = nightshift.data().resolve("store").resolve("goals").resolve(NAME);
        Map<String, Long> before = backups(folder);
        keep(100);
        Path archive = nightshift
                .data()
                .resolve("store")
                .resolve(wal().getString("location"))
                .resolve("archive.json");
        byte[] description = Files.readAllBytes(archive);
        Files.writeString(archive, "not an archive");
        String id = project.start("expire", NAME, byPolicy());
        assertEquals("FAILED", project.ended(id, SOON).getString("status"), "by the archive");
        Files.write(archive, description);

        keep(1);
        api().post(project.path("runs/" + id + "/restart")).expect(202);
        Eventually.isTrue("the second attempt", SOON, () -> project.run(id).getInt("attempt") == 2);
        JsonObject run = project.ended(id, SOON);
        assertAll(
                () -> assertEquals("COMPLETED", run.getString("status"), run::toString),
                () -> assertEquals(0, figures(run).getInt("backupsGoing")),
                () -> assertEquals(before, backups(folder)),
                () -> assertTrue(project.log(id).contains("By the policy gold: 100 newest.")));

        String again = project.start("expire", NAME, byPolicy());
        assertEquals(1, figures(project.ended(again, SOON)).getInt("backupsGoing"), "another run asks anew");
        assertTrue(api().get("api/audit?project=goals&action=backup.expire").expect(200).items().stream()
                .map(JsonObject::toString)
                .anyMatch(entry -> entry.contains("1 newest") && entry.contains(again)));
    }

    private void keep(int count) {
        api().put(
                        project.path("policies/gold"),
                        Json.createObjectBuilder()
                                .add("keep", Json.createObjectBuilder().add("count", count))
                                .build())
                .expect(200);
    }

    @Test
    @Order(10)
    void whoeverLosesItsPolicyGoesByTheNextOneAsIsSaidBefore() {
        JsonObject elsewhere = Json.createObjectBuilder()
                .add("name", "gold")
                .add("databases", Json.createArrayBuilder().add("tag:nobodys"))
                .build();
        JsonObject nobody = simulated(elsewhere);
        api().post(
                        project.path("policies"),
                        policy("silver", "*", goals(1)).add("keep", newest()).build())
                .expect(201);
        JsonObject next = simulated(elsewhere);
        assertAll(
                () -> assertTrue(nobody.isNull("policy"), nobody::toString),
                () -> assertTrue(nobody.getString("reason").startsWith("No policy answers"), nobody::toString),
                () -> assertEquals("gold", next.getString("policyBefore")),
                () -> assertEquals("silver", next.getString("policy")),
                () -> assertFalse(next.getJsonArray("stays").isEmpty(), next::toString),
                () -> assertEquals(
                        "silver",
                        details("gold")
                                .getJsonArray("instances")
                                .getJsonObject(0)
                                .getString("next")));
        JsonObject deleted = api().delete(project.path("policies/gold?confirm=gold"))
                .expect(200)
                .object()
                .getJsonArray("instances")
                .getJsonObject(0);
        assertEquals("silver", deleted.getString("policy"));
    }

    private JsonObject simulated(JsonObject policy) {
        return api().post(project.path("policies/simulate"), policy)
                .expect(200)
                .object()
                .getJsonArray("instances")
                .getJsonObject(0);
    }
}
