package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.LogArchiving;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.Stock17;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.BareMachine;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A chain with its log: what a plan says of it, before and after it was restored; and with nothing but the recovery kit. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PlannedRestoreIT {
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final String PASSPHRASE = "five words nobody would guess";
    private static final String ROWS = "select count(*) || ' ' || sum(hash_record_extended(row(t.*), 0)) from t";

    private final Nightshift nightshift = Nightshift.shared();
    private Postgres source;
    private TestProject project;
    private List<JsonObject> chain;
    private String rowsOfTheChain;
    private Path credentials;
    private Path kit;
    private Path passphrase;

    @BeforeAll
    void aChainAndItsLog() throws Exception {
        project = TestProject.create(nightshift.admin(), "planned");
        source = Postgres.start(
                17,
                Map.of(
                        "max_wal_senders",
                        "6",
                        "max_replication_slots",
                        "6",
                        "summarize_wal",
                        "on",
                        "autovacuum",
                        "off"));
        source.execute(
                "postgres", "create table t as select id, md5(id::text) as note from generate_series(1, 5000) id");
        project.register("main", source, "postgres");
        LogArchiving log = new LogArchiving(project, "main");
        log.begin();
        project.complete("backup", "main", TestProject.none());
        for (int n = 1; n <= 2; n++) {
            source.execute("postgres", "update t set note = 'changed' where id % 100 = " + n);
            project.complete("backup", "main", TestProject.parameters("kind", "incremental"));
        }
        rowsOfTheChain = rows(source.connect("postgres"));
        source.execute("postgres", "insert into t select id, 'later' from generate_series(5001, 6000) id");
        log.awaitCovered();
        log.end();
        List<JsonObject> newestFirst = project.backups("main");
        chain = List.of(newestFirst.get(2), newestFirst.get(1), newestFirst.get(0));
        credentials =
                Files.createDirectories(nightshift.data().resolve("credentials").resolve("planned"));
        kit = Files.writeString(credentials.resolve("kit.json"), project.recoveryKit(PASSPHRASE));
        passphrase = Files.writeString(credentials.resolve("passphrase"), PASSPHRASE + "\n");
    }

    @AfterAll
    void stop() throws IOException {
        source.close();
        try (Stream<Path> files = Files.list(credentials)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(credentials);
    }

    private static String rows(Connection connection) throws SQLException {
        try (connection;
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(ROWS)) {
            row.next();
            return row.getString(1);
        }
    }

    private static long number(JsonObject object, String name) {
        return object.getJsonNumber(name).longValue();
    }

    private static JsonObject part(JsonObject plan, int at, String name) {
        JsonObject part = plan.getJsonObject("size").getJsonArray("parts").getJsonObject(at);
        assertEquals(name, part.getString("part"), plan::toString);
        return part;
    }

    private static void assertUnmeasured(JsonObject plan, JsonObject object, String... names) {
        for (String name : names) {
            assertEquals(JsonValue.NULL, object.getOrDefault(name, JsonValue.NULL), plan::toString);
        }
    }

    @Test
    @Order(1)
    void aPlanSaysBytesAndRoomAndNoTimeThatNobodyMeasured() throws IOException {
        JsonObject plan = project.planToLatest("main");
        JsonObject size = plan.getJsonObject("size");
        List<JsonObject> backups = size.getJsonArray("backups").getValuesAs(JsonObject.class);
        assertEquals(3, backups.size(), plan::toString);
        long stored = 0;
        for (int at = 0; at < 3; at++) {
            JsonObject backup = backups.get(at);
            assertEquals(chain.get(at).getString("id"), backup.getString("id"));
            assertEquals(chain.get(at).getString("kind"), backup.getString("kind"));
            assertEquals(number(chain.get(at), "sizeBytes"), number(backup, "sizeBytes"));
            assertEquals(number(chain.get(at), "storedBytes"), number(backup, "storedBytes"));
            stored += number(backup, "storedBytes");
        }
        assertEquals(stored, number(size, "backupBytes"));
        JsonObject segments = plan.getJsonObject("segments");
        long archived = number(segments, "bytes");
        assertTrue(segments.getInt("count") >= 1, plan::toString);
        assertTrue(archived > 0 && archived <= segments.getInt("count") * (16L << 20), plan::toString);
        assertEquals(archived, number(size, "logBytes"));
        assertEquals(archived, number(part(plan, 1, "LOG"), "bytes"));
        assertTrue(number(part(plan, 0, "FILES"), "bytes") > number(chain.get(0), "sizeBytes") / 2, plan::toString);
        assertTrue(number(part(plan, 2, "REPLAY"), "bytes") > 0);
        for (int at = 0; at < 3; at++) {
            assertUnmeasured(plan, size.getJsonArray("parts").getJsonObject(at), "millis", "measured");
        }
        assertUnmeasured(plan, size, "millis");
        assertUnmeasured(plan, plan, "backupRestoreMillis");
    }

    @Test
    @Order(2)
    void whatARestoreAndADrillMeasuredIsWhatTheNextPlanEstimatesBy() throws IOException {
        long room = number(project.planToLatest("main").getJsonObject("size"), "roomBytes");
        Path folder = nightshift.data().resolve("restore").resolve("planned");
        JsonObject restore = project.complete(
                "restore",
                "main",
                Json.createObjectBuilder()
                        .add("to", "latest")
                        .add("folder", folder.toString())
                        .build());
        long written = size(folder);
        assertTrue(room >= written - (1 << 20) && room < written * 3 / 2, room + " for " + written);
        JsonObject plan = project.planToLatest("main");
        for (JsonObject part : List.of(part(plan, 0, "FILES"), part(plan, 1, "LOG"))) {
            JsonObject measured = part.getJsonObject("measured");
            assertEquals("RESTORE", measured.getString("kind"));
            assertEquals(restore.getString("id"), measured.getString("run"));
            assertTrue(number(part, "millis") > 0, plan::toString);
            assertEquals(number(part, "bytes"), number(measured, "bytes"), "the same was restored");
            assertEquals(number(part, "millis"), number(measured, "millis"));
        }
        assertUnmeasured(plan, part(plan, 2, "REPLAY"), "millis", "measured");
        assertUnmeasured(plan, plan.getJsonObject("size"), "millis");

        JsonObject drill = project.complete("restore-drill", "main", TestProject.parameters("to", "latest"));
        JsonObject after = project.planToLatest("main");
        long sum = 0;
        for (int at = 0; at < 3; at++) {
            JsonObject part = part(after, at, List.of("FILES", "LOG", "REPLAY").get(at));
            assertEquals("DRILL", part.getJsonObject("measured").getString("kind"));
            assertEquals(drill.getString("id"), part.getJsonObject("measured").getString("run"));
            sum += number(part, "millis");
        }
        assertEquals(sum, number(after.getJsonObject("size"), "millis"));
        long rto = number(IncrementalRefusedIT.figures(drill), "rtoMillis");
        assertTrue(sum >= rto / 2 && sum <= 2 * rto + 1000, "the drill itself took " + rto + ": " + after);
        assertUnmeasured(after, after, "backupRestoreMillis");
    }

    private static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private static JsonObjectBuilder by(Path kit, Path passphrase) {
        return Json.createObjectBuilder().add("kit", kit.toString()).add("passphraseFile", passphrase.toString());
    }

    private JsonObject newestDrill() {
        return project.api()
                .get(project.path("databases/main/drills?limit=1"))
                .expect(200)
                .object()
                .getJsonArray("items")
                .getJsonObject(0);
    }

    private JsonObject drilled(JsonObject parameters) {
        return project.ended(project.start("restore-drill", "main", parameters), SOON);
    }

    private static String madeAt(Path kit) throws IOException {
        try (var reader = Json.createReader(new StringReader(Files.readString(kit)))) {
            return reader.readObject().getString("madeAt");
        }
    }

    @Test
    @Order(3)
    void aDrillOpensTheChainAndItsLogWithTheKitAlone() throws IOException {
        JsonObject run =
                project.complete("restore-drill", "main", by(kit, passphrase).build());
        JsonObject drill = newestDrill();
        assertAll(
                () -> assertEquals(run.getString("id"), drill.getString("run")),
                () -> assertEquals("PASSED", drill.getString("outcome")),
                () -> assertEquals(
                        Instant.parse(madeAt(kit)).toEpochMilli(),
                        Instant.parse(drill.getString("kitMadeAt")).toEpochMilli()),
                () -> assertTrue(project.log(run.getString("id")).contains("those of the recovery kit")),
                () -> assertFalse(project.log(run.getString("id")).contains(PASSPHRASE)));
        project.complete(
                "restore-drill",
                "main",
                by(kit, passphrase).add("to", "latest").add("upTo", "readable").build());
        assertFalse(newestDrill().isNull("kitMadeAt"));
        project.complete("restore-drill", "main", TestProject.parameters("upTo", "readable"));
        assertTrue(newestDrill().isNull("kitMadeAt"), "by the project's keys");
    }

    @Test
    @Order(4)
    void whatIsWrongWithAKitFailsTheDrillAndSaysNothingOfTheBackup() throws IOException {
        project.api().post(project.path("keys/rotate")).expect(200);
        project.complete("backup", "main", TestProject.none());
        String newest = project.backups("main").get(0).getString("id");
        assertNotEquals(
                project.backup(chain.get(0).getString("id")).getString("keyId"),
                project.backup(newest).getString("keyId"));
        JsonObject failed = drilled(by(kit, passphrase).add("upTo", "readable").build());
        JsonObject drill = newestDrill();
        assertAll(
                () -> assertEquals("FAILED", failed.getString("status"), failed::toString),
                () -> assertEquals(newest, drill.getString("backup")),
                () -> assertEquals("FAILED", drill.getString("outcome")),
                () -> assertTrue(drill.getString("reason").contains("needs the project key"), drill::toString),
                () -> assertFalse(drill.isNull("kitMadeAt")),
                () -> assertEquals(
                        "NONE", project.backup(newest).getJsonObject("proof").getString("level")),
                () -> assertEquals(1, findings(), "about the kit"));

        Path wrong = Files.writeString(credentials.resolve("wrong"), PASSPHRASE.toUpperCase(Locale.ROOT));
        JsonObject closed = drilled(by(kit, wrong).build());
        assertTrue(closed.toString().contains("The passphrase does not open this recovery kit"), closed::toString);

        Path renewed = Files.writeString(credentials.resolve("renewed.json"), project.recoveryKit(PASSPHRASE));
        project.complete(
                "restore-drill",
                "main",
                by(renewed, passphrase).add("upTo", "readable").build());
        assertEquals("PASSED", newestDrill().getString("outcome"));
        assertEquals(0, findings());
    }

    private int findings() {
        return (int) project.api().get(project.path("findings?state=OPEN")).expect(200).items().stream()
                .filter(finding -> finding.toString().contains("backup.recovery-kit")
                        || finding.getString("title").contains("drill"))
                .count();
    }

    @Test
    @Order(5)
    void kitAndPassphraseGoTogetherAndLieWhereCredentialsMay() throws IOException {
        refused(Json.createObjectBuilder().add("kit", kit.toString()).build(), "parameters.passphraseFile");
        refused(
                Json.createObjectBuilder()
                        .add("passphraseFile", passphrase.toString())
                        .build(),
                "parameters.kit");
        refused(by(Path.of("/etc/passwd"), passphrase).build(), "parameters.kit");
        refused(by(kit, Path.of("/etc/passwd")).build(), "parameters.passphraseFile");
    }

    private void refused(JsonObject parameters, String field) {
        String problem = project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", "restore-drill")
                                .add("databases", Json.createArrayBuilder().add("main"))
                                .add("parameters", parameters)
                                .build())
                .expect(400)
                .body();
        assertTrue(problem.contains("\"" + field + "\""), problem);
    }

    /** Neither Nightshift's folders nor the build tree are there. */
    @Test
    @Order(6)
    void theGuidesCommandsMakeAClusterOfTheChainWithTheKitAlone(@TempDir Path work) throws Exception {
        Path store = nightshift.data().resolve("store");
        // Debian's programs of 17 run here, but for its server, which lacks a library
        BareMachine machine = new BareMachine(work, store, Postgres.binaries(17).bin(), Stock17.bin());
        machine.has(false, store, kit, passphrase, Path.of("").toAbsolutePath());
        Files.copy(kit, work.resolve("demo-recovery-kit.json"));
        Files.copy(passphrase, work.resolve("passphrase"));
        for (int at = 1; at <= 3; at++) {
            ByHand.cluster(machine, chain.get(at - 1).getString("location"), "-" + at);
        }
        machine.run(ByHand.commands("pg_combinebackup data-1 data-2 data-3")).succeeded();
        machine.run(ByHand.commands("-name '*_vm' -delete")).succeeded();
        machine.run(ByHand.commands("max_logical_replication_workers = 0")).succeeded();
        int port = RestoredServer.freePort();
        machine.run(ByHand.commands("pg_ctl -D data -l log -w -o \"-p 5499 -c archive_mode")
                        .replace("5499", Integer.toString(port)))
                .succeeded();
        try (RestoredServer restored = RestoredServer.running(Postgres.binaries(17), work.resolve("data"), port)) {
            assertEquals(rowsOfTheChain, rows(restored.connect("postgres", source.password())));
        }
    }
}
