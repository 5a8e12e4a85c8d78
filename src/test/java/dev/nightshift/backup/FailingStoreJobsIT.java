package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.FaultyStore.Fault;
import dev.nightshift.testing.harness.FaultyStore.Request;
import dev.nightshift.testing.harness.Inventory;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What runs say of a store that refuses, lies or goes away under them: none has done what it has not. */
@Tag("thorough")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FailingStoreJobsIT extends FailingRuns {
    /** The jobs that a refusal ends at once. */
    private static final List<String> ASK_ONCE = List.of("rebuild-catalogue", "rewrap-keys");

    private String first;
    private String second;
    private String dump;

    FailingStoreJobsIT() {
        super("failing");
    }

    @BeforeAll
    void twoBackupsADumpAndALog() throws Exception {
        TestArchive archive = new TestArchive(project, NAME);
        archive.change(TestArchive.on().add("store", STORE));
        archive.awaitState("STREAMING");
        first = taken(Json.createObjectBuilder());
        source.execute("postgres", "insert into t select id, 'second' from generate_series(1001, 1500) id");
        dump = taken(Json.createObjectBuilder().add("kind", "logical"));
        second = taken(Json.createObjectBuilder());
        source.execute("postgres", "insert into t select id, 'last' from generate_series(1501, 2000) id");
        TestArchive.text(source, "select pg_switch_wal()");
        source.execute("postgres", "insert into t values (2001, 'the end')");
        archive.awaitCovered();
        archive.off();
        archive.awaitState("OFF");
    }

    private String taken(JsonObjectBuilder kind) {
        project.complete("backup", NAME, kind.add("store", STORE).build());
        return project.backups(NAME).get(0).getString("id");
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(List.of(), new Inventory(nightshift).sandboxFolders(), "sandboxes");
        assertEquals(List.of(), new Inventory(nightshift).halfRestores(), "half restores");
    }

    private static JsonObjectBuilder asked() {
        return Json.createObjectBuilder();
    }

    /** Runs a job while the store fails so, and answers its only target; fails unless the run failed. */
    private JsonObject failed(
            String job, JsonObjectBuilder parameters, Fault fault, int times, Predicate<Request> which) {
        JsonObject with = parameters.build();
        faults.fail(fault, times, which);
        String run = job.equals("rebuild-catalogue") ? project.start(job) : project.start(job, NAME, with);
        JsonObject ended = project.ended(run, MOST);
        String what = job + " with " + fault + " met " + faults.failed() + " times: " + ended + "\n" + project.log(run);
        assertTrue(faults.failed() > 0, what);
        faults.heal();
        assertEquals("FAILED", ended.getString("status"), what);
        boolean mayRetry = fault != Fault.REFUSED || !ASK_ONCE.contains(job);
        assertTrue(mayRetry || !what.contains("Trying again in"), what);
        return ended.getJsonArray("targets").getJsonObject(0);
    }

    private static void says(JsonObject target, String words) {
        String reason = target.getString("reason");
        assertTrue(reason.contains(words), reason);
    }

    @Test
    @Order(2)
    void aRestoreWhoseStoreRefusesOrChangesBytesLeavesNoFolderAndNoDatabase() throws SQLException {
        Path folder = nightshift.data().resolve("restore").resolve("full");
        JsonObjectBuilder into = asked().add("backup", second).add("folder", folder.toString());
        Predicate<Request> data = request -> request.kind().equals("GET") && request.isOf("base.tar");
        says(failed("restore", into, Fault.FLIPPED, 1, data), "The object base.tar");
        says(
                failed(
                        "restore",
                        asked().add("backup", second).add("folder", folder.toString()),
                        Fault.REFUSED,
                        1,
                        data),
                "The store offsite refuses");
        assertTrue(!Files.exists(folder));
        for (String backup : List.of(second, dump)) {
            Predicate<Request> content = backup.equals(dump)
                    ? request -> request.kind().equals("GET") && request.isOf("database.dump")
                    : data;
            JsonObject target = failed(
                    "restore", asked().add("backup", backup).add("newDatabase", "again"), Fault.FLIPPED, 1, content);
            says(target, "The object ");
            assertEquals(
                    "f", TestArchive.text(source, "select exists (select from pg_database where datname = 'again')"));
        }
        project.complete(
                "restore",
                NAME,
                asked().add("backup", second).add("newDatabase", "again").build());
    }

    @Test
    @Order(3)
    void aDrillOfAStoreThatRefusesTakesNoProofAwayAndGivesNone() {
        project.complete("restore-drill", NAME, asked().add("backup", second).build());
        JsonObject proven = project.backup(second).getJsonObject("proof");
        Predicate<Request> data = request -> request.kind().equals("GET") && request.isOf("base.tar");
        JsonObject target = failed("restore-drill", asked().add("backup", second), Fault.REFUSED, ALWAYS, data);
        says(target, "The store offsite refuses");
        assertEquals(proven, project.backup(second).getJsonObject("proof"));
        says(
                failed("restore-drill", asked().add("backup", first), Fault.FLIPPED, ALWAYS, data),
                "has another SHA-256 than was stored");
        assertEquals(0, project.backup(first).getJsonObject("proof").getInt("levelNumber"));
    }

    /** restore_command takes "not there" for the end of the log, and the server promotes. */
    @Test
    @Order(4)
    void noFileOfTheLogIsAbsentBecauseTheStoreSaysSo() {
        List<JsonObject> stretches =
                new TestArchive(project, NAME).wal().getJsonArray("stretches").getValuesAs(JsonObject.class);
        String last = Lsn.parse(stretches.get(0).getString("to")).plus(-1).segmentName(1, 16 << 20);
        String path = project.path("instances/" + NAME + "/wal/" + last);
        for (Fault fault : List.of(Fault.MISSING, Fault.SHORTENED, Fault.REFUSED, Fault.UNAVAILABLE)) {
            for (String kind : List.of("LIST", "HEAD", "GET")) {
                if (fault == Fault.SHORTENED && !kind.equals("LIST")) {
                    continue;
                }
                faults.fail(fault, ALWAYS, request -> request.kind().equals(kind));
                Api.Answer answer = project.api().get(path);
                String what = fault + " of each " + kind + ", met " + faults.failed() + " times: " + answer.status();
                assertTrue(answer.status() == 503 || answer.status() == 409 || answer.status() == 500, what);
                assertTrue(faults.failed() > 0, what);
                faults.heal();
            }
        }
        assertEquals(200, project.api().get(path).status());
    }

    @Test
    @Order(5)
    void expiryIsNotDoneWhileTheStoreKeepsOrHidesWhatShouldGo() throws IOException {
        JsonObjectBuilder[] rule = {null, null, null, null};
        for (int at = 0; at < rule.length; at++) {
            rule[at] = asked().add("keepCount", 1).add("apply", true);
        }
        says(failed("expire", rule[0], Fault.MISSING, ALWAYS, Request::isList), "there is nothing to list");
        says(
                failed(
                        "expire",
                        rule[1],
                        Fault.REFUSED,
                        ALWAYS,
                        request ->
                                request.kind().equals("POST") || request.kind().equals("DELETE")),
                "refuses");
        faults.fail(Fault.MISSING, ALWAYS, request -> request.kind().equals("HEAD") && request.isOf("archive.json"));
        JsonObject hidden = project.ended(project.start("expire", NAME, rule[2].build()), MOST);
        assertEquals("FAILED", hidden.getString("status"), () -> hidden + project.log(hidden.getString("id")));
        faults.heal();
        project.complete("expire", NAME, rule[3].build());
        try (Stream<Path> left = Files.walk(s3.bucket())) {
            assertEquals(
                    List.of(),
                    left.filter(each ->
                                    Files.isRegularFile(each) && each.toString().contains(first))
                            .toList());
        }
    }

    @Test
    @Order(7)
    void keysOfAStoreThatRefusesAreNotWrappedAnewAndItIsAskedOnce() {
        project.recoveryKit("five words nobody would guess");
        JsonObject target = failed(
                "rewrap-keys", asked(), Fault.REFUSED, ALWAYS, request -> request.isOf(second + "/manifest.json"));
        says(target, "Not reached: offsite. The store offsite refuses");
        assertTrue(target.getString("remedy").contains("account"), target::toString);
        project.complete("rewrap-keys", NAME, asked().build());
    }

    @Test
    @Order(6)
    void aCatalogueIsNotRebuiltWhileADescriptionIsHiddenOrRefused() throws SQLException {
        List<JsonObject> before = project.backups(NAME);
        nightshift
                .repository()
                .execute(
                        "delete from backup.proof where backup_id = '" + second + "'",
                        "delete from backup.backup where id = '" + second + "'");
        assertEquals(before.size() - 1, project.backups(NAME).size());
        Predicate<Request> manifest = request -> request.isOf(second + "/manifest.json");
        says(
                failed(
                        "rebuild-catalogue",
                        asked(),
                        Fault.MISSING,
                        ALWAYS,
                        request -> request.kind().equals("HEAD") && manifest.test(request)),
                "says that it is not there");
        says(
                failed(
                        "rebuild-catalogue",
                        asked(),
                        Fault.REFUSED,
                        ALWAYS,
                        request -> request.kind().equals("GET") && manifest.test(request)),
                "The store offsite refuses");
        JsonObject run = project.complete("rebuild-catalogue");
        assertEquals(1, TestProject.figures(run).getInt("backupsEntered"), () -> project.log(run.getString("id")));
        assertEquals(
                before.stream().map(each -> each.getString("id")).toList(),
                project.backups(NAME).stream().map(each -> each.getString("id")).toList());
    }
}
