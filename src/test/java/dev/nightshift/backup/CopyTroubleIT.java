package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.LogArchiving;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Copies whose store, node or expiry comes between: nothing is sent twice, and nothing goes while it is needed. */
@Tag("thorough")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CopyTroubleIT extends TwoStores {
    private String full = "";

    CopyTroubleIT() {
        super("copy-trouble");
    }

    @Test
    @Order(5)
    void aStoreThatRefusesFailsItsStepAndTheBackupStays() throws IOException {
        full = take(with("copies", "offsite"));
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

    /** What it may delete is being read, or built on: whoever comes first, the other waits. */
    @Test
    @Order(12)
    void expiryWaitsForARestoreADrillAndABackupWhichEndWhole() throws IOException {
        String old = take(with("copies", "offsite"));
        String last = take(Json.createObjectBuilder());
        project.complete("restore-drill", "shop", with("upTo", "restored").build());
        Path folder = nightshift.data().resolve("restore").resolve("beside-expiry");
        JsonObject read = with("backup", old).add("from", "offsite").build();
        line.slow(SLOW);
        String drill = project.start(
                "restore-drill",
                "shop",
                Json.createObjectBuilder(read).add("upTo", "readable").build());
        expiryWaitsFor("restore-drill", drill, old, false);
        line.slow(SLOW);
        String restore = project.start(
                "restore",
                "shop",
                Json.createObjectBuilder(read).add("folder", folder.toString()).build());
        expiryWaitsFor("restore", restore, old, true);
        assertTrue(Files.exists(folder.resolve("PG_VERSION")) && Files.exists(folder.resolve("global/pg_control")));
        line.slow(SLOW);
        String backup = project.start("backup", "shop", with("store", "offsite").build());
        expiryWaitsFor("backup", backup, last, false);
    }

    /** @param goes whether the backup is what expiry deletes then */
    private void expiryWaitsFor(String job, String run, String backup, boolean goes) {
        Eventually.isTrue(
                "the work of " + job,
                LONG,
                () -> project.currentStep(run)
                        .filter(step -> !step.equals("check"))
                        .isPresent());
        int keep = goes ? 1 : 100;
        String expire = project.start(
                "expire",
                "shop",
                Json.createObjectBuilder()
                        .add("keepCount", keep)
                        .add("apply", true)
                        .build());
        Eventually.isTrue(
                "a word of what it waits for",
                LONG,
                () -> project.run(expire).toString().contains("the " + job + " run"));
        assertEquals("STARTED", project.run(run).getString("status"), job + " was still at it");
        assertFalse(objects(local(), project.backup(backup)).isEmpty());
        line.slow(Duration.ZERO);
        assertEquals("COMPLETED", project.ended(run, LONG).getString("status"), () -> project.log(run));
        assertEquals("COMPLETED", project.ended(expire, LONG).getString("status"), () -> project.log(expire));
        if (goes && isKept(backup)) {
            // The target's lock is given back a moment before its run is over: what that names stays until the next
            // time
            String log = project.log(expire);
            assertTrue(log.contains("a run that is not over names it"), log);
            project.complete("expire", "shop", newest());
        }
        assertEquals(!goes, isKept(backup), () -> backup + "\n" + project.log(expire));
    }

    private boolean isKept(String backup) {
        return project.backups("shop").stream()
                .anyMatch(each -> each.getString("id").equals(backup));
    }

    private static JsonObject newest() {
        return Json.createObjectBuilder().add("keepCount", 1).add("apply", true).build();
    }
}
