package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.LogArchiving;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
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

/** The log in a second store: with the first one away, it and the backups there lead to a point that only log holds. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LogCopyIT {
    private static final Duration SOON = Duration.ofMinutes(2);

    private Nightshift nightshift;
    private TestProject project;
    private Postgres source;
    private Path local;
    private Path nas;
    private String moment = "";
    private Instant copied = Instant.MIN;
    private LogArchiving archive;
    private String location = "";

    @BeforeAll
    void aServerThatIsArchivedAndTwoStores(@TempDir Path folder) throws SQLException {
        local = folder.resolve("stores").resolve("local");
        nas = folder.resolve("stores").resolve("nas");
        nightshift = Nightshift.prepare(Map.of(
                "NIGHTSHIFT_DEMO",
                "false",
                "NIGHTSHIFT_STORE",
                local.toString(),
                "NIGHTSHIFT_STORE_ROOTS",
                folder.resolve("stores").toString()));
        nightshift.start();
        TestStores.define(nightshift.admin(), TestStores.folder("nas", nas));
        source = Postgres.start(18, Map.of("max_wal_senders", "6", "max_replication_slots", "6", "autovacuum", "off"));
        source.execute("postgres", "create table t as select 1 as id");
        project = TestProject.create(nightshift.admin(), "logs");
        project.register("main", source, "postgres");
        archive = new LogArchiving(project, "main");
        archive.begin();
    }

    @AfterAll
    void close() {
        nightshift.remove();
        source.close();
    }

    /** Ends the segment, and waits until the archive holds it. */
    private void awaitStored() throws SQLException {
        Lsn end = Lsn.parse(TestArchive.text(source, "select pg_switch_wal()::text"))
                .segmentEnd(16 << 20);
        Eventually.isTrue("the log up to " + end, SOON, () -> {
            List<JsonObject> stretches = archive.stretches();
            return !stretches.isEmpty()
                    && Lsn.parse(stretches.get(0).getString("to")).compareTo(end) >= 0;
        });
    }

    private void row(int id) throws SQLException {
        source.execute("postgres", "insert into t values (" + id + ")");
        awaitStored();
    }

    private Path log(Path store) {
        return store.resolve(location);
    }

    private static Map<String, FileTime> files(Path folder) throws IOException {
        Map<String, FileTime> found = new HashMap<>();
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path file : all.filter(Files::isRegularFile).toList()) {
                    found.put(folder.relativize(file).toString(), Files.getLastModifiedTime(file));
                }
            }
        }
        return found;
    }

    private static JsonObject toNas() {
        return TestProject.parameters("store", "nas");
    }

    private JsonObject failed(String job, JsonObject parameters) {
        JsonObject run = project.ended(project.start(job, "main", parameters), SOON);
        assertEquals("FAILED", run.getString("status"), () -> project.log(run.getString("id")));
        return run;
    }

    private static String reason(JsonObject run) {
        return run.getJsonArray("targets").getJsonObject(0).getString("reason");
    }

    private JsonObject planFromNas(JsonObjectBuilder to) {
        return project.plan("main", to, "nas");
    }

    private static JsonObjectBuilder latest() {
        return Json.createObjectBuilder().add("latest", true);
    }

    @Test
    @Order(1)
    void theLogGoesWithTheBackupAndOnlyWhatIsNewGoesAgain() throws Exception {
        project.complete("backup", "main", TestProject.none());
        row(2);
        location = archive.location();
        JsonObject first = figures(project.complete("copy", "main", toNas()));
        assertTrue(first.getInt("logObjectsSent") > 0, first::toString);
        Map<String, FileTime> before = files(log(nas));
        for (String name : before.keySet()) {
            assertArrayEquals(
                    Files.readAllBytes(log(local).resolve(name)), Files.readAllBytes(log(nas).resolve(name)), name);
        }

        row(3);
        JsonObject second = figures(project.complete("copy", "main", toNas()));
        Map<String, FileTime> after = files(log(nas));
        assertTrue(second.getInt("logObjectsSent") > 0 && second.getInt("logObjectsFound") > 0, second::toString);
        assertTrue(second.getInt("logObjectsSent") <= after.size() - before.size() + 1, second::toString);
        after.forEach((name, time) -> assertEquals(before.getOrDefault(name, time), time, name));
    }

    @Test
    @Order(2)
    void aDamagedSegmentIsNamedAndWhatFollowsItIsCopied() throws Exception {
        TreeSet<String> known = new TreeSet<>(files(log(local)).keySet());
        row(4);
        row(5);
        TreeSet<String> fresh = new TreeSet<>(files(log(local)).keySet());
        fresh.removeAll(known);
        fresh.removeIf(name -> !name.endsWith(".00000000-01000000"));
        assertTrue(fresh.size() >= 2, fresh::toString);
        Path damaged = log(local).resolve(fresh.first());
        byte[] whole = Files.readAllBytes(damaged);
        byte[] other = whole.clone();
        other[other.length / 2] ^= 1;
        Files.write(damaged, other);
        JsonObject run = failed("copy", toNas());
        assertAll(
                () -> assertTrue(reason(run).contains(location + "/" + fresh.first()), () -> reason(run)),
                () -> assertTrue(reason(run).contains("it is not copied"), () -> reason(run)),
                () -> assertFalse(Files.exists(log(nas).resolve(fresh.first()))),
                () -> assertTrue(Files.exists(log(nas).resolve(fresh.last()))));
        JsonObject gap = planFromNas(latest());
        assertTrue(gap.getBoolean("reachable"), gap::toString);
        assertFalse(gap.isNull("gap"), gap::toString);
        assertEquals("nas", gap.getString("store"));
        assertEquals("nas", gap.getJsonArray("logStores").getString(0));
        assertTrue(project.planToLatest("main").isNull("gap"), "the first store has no gap");
        Files.write(damaged, whole);

        moment = TestArchive.text(source, "select clock_timestamp()::text");
        Eventually.sleep(Duration.ofMillis(50));
        row(6);
        project.complete("copy", "main", toNas());
        assertTrue(planFromNas(latest()).isNull("gap"));
        JsonObject copy = archive.now().getJsonArray("copies").getJsonObject(0);
        assertEquals("nas", copy.getString("store"), copy::toString);
        assertEquals(0, copy.getInt("gaps"), copy::toString);
        assertTrue(copy.getInt("objects") > 0 && !copy.isNull("copiedAt"), copy::toString);
        copied = Instant.now();
        row(7);
    }

    @Test
    @Order(3)
    void theSecondStoreAloneLeadsToThePoint() throws Exception {
        archive.end();
        Path away = local.resolveSibling("away");
        Files.move(local, away);
        try {
            JsonObject beyond = planFromNas(Json.createObjectBuilder()
                    .add("lsn", TestArchive.text(source, "select pg_current_wal_lsn()::text")));
            assertFalse(beyond.getBoolean("reachable"), beyond::toString);
            assertTrue(
                    beyond.getString("reason").contains("The store nas holds a copy of the log up to"),
                    beyond::toString);
            assertTrue(beyond.getString("reason").contains("the store local the log itself up to"), beyond::toString);
            JsonObject anywhere = project.planToLatest("main");
            assertTrue(anywhere.getBoolean("reachable"), anywhere::toString);
            assertEquals("nas", anywhere.getJsonArray("logStores").getString(0), anywhere::toString);
            for (String stores : List.of("", "?from=nas")) {
                JsonObject window = project.api()
                        .get(project.path("databases/main/recovery-window" + stores))
                        .expect(200)
                        .object();
                assertTrue(window.getJsonArray("gaps").isEmpty(), window::toString);
                assertTrue(window.getBoolean("archived"), window::toString);
                assertTrue(window.getString("lacks").contains("the store local"), window::toString);
                JsonObject end = window.getJsonObject("to");
                assertTrue(
                        end.isNull("coveredTo")
                                || Instant.parse(end.getString("coveredTo")).isBefore(copied),
                        "the catalogue knows later moments, of what is away");
            }
            project.api()
                    .get(project.path("databases/main/recovery-window?from=nowhere"))
                    .expect(400);

            Path folder = nightshift.data().resolve("restore/point");
            JsonObject run = project.complete(
                    "restore",
                    "main",
                    Json.createObjectBuilder()
                            .add("to", "time")
                            .add("point", moment.replace(' ', 'T'))
                            .add("from", "nas")
                            .add("folder", folder.toString())
                            .build());
            assertEquals("nas", figures(run).getString("store"));
            try (RestoredServer restored = RestoredServer.start(Postgres.binaries(18), folder)) {
                assertEquals(
                        "1 2 3 4 5",
                        restored.answer(
                                "postgres", source.password(), "select string_agg(id::text, ' ' order by id) from t"));
            }
            project.complete(
                    "restore-drill",
                    "main",
                    Json.createObjectBuilder()
                            .add("to", "latest")
                            .add("from", "nas")
                            .add("upTo", "readable")
                            .build());
        } finally {
            if (Files.exists(local)) {
                Files.move(local, local.resolveSibling("empty"));
            }
            Files.move(away, local);
        }
    }

    @Test
    @Order(4)
    void aLostCatalogueFindsTheCopyAndANewKeyWrapsItToo() throws Exception {
        nightshift.repository().execute("delete from backup.wal_copy_stretch", "delete from backup.wal_copy");
        JsonObject run = rebuild();
        assertEquals(1, figures(run).getInt("logCopiesEntered"), () -> project.log(run.getString("id")));
        assertEquals(0, figures(run).getInt("logsEntered"));
        assertEquals("nas", planFromNas(latest()).getJsonArray("logStores").getString(0));
        assertEquals(0, figures(rebuild()).getInt("logCopiesEntered"));

        project.api().post(project.path("keys/rotate")).expect(200);
        project.recoveryKit("five words nobody would guess");
        project.complete("rewrap-keys", "main", TestProject.none());
        String description = "archive.json";
        assertEquals(key(log(local).resolve(description)), key(log(nas).resolve(description)));
        assertTrue(planFromNas(latest()).getBoolean("reachable"));
    }

    private static String key(Path description) throws IOException {
        try (var reader = Json.createReader(Files.newBufferedReader(description))) {
            return reader.readObject().getJsonObject("key").getString("id");
        }
    }

    private JsonObject rebuild() {
        return project.complete("rebuild-catalogue");
    }

    @Test
    @Order(5)
    void expiryFreesTheLogInBothStores() throws Exception {
        source.execute("postgres", "select pg_switch_wal()");
        project.complete("backup", "main", TestProject.parameters("copies", "nas"));
        project.complete("expire", "main", keep(2));
        assertTrue(files(log(nas)).size() > 2, "a kept backup needs it");
        Path away = nas.resolveSibling("unmounted");
        Files.move(nas, away);
        Files.createDirectories(nas);
        String id = project.start("expire", "main", keep(1));
        try {
            Eventually.isTrue(
                    "that the store is away", SOON, () -> project.log(id).contains("in the store nas is not trimmed"));
        } finally {
            Files.delete(nas); // fails if anything was written where nothing is mounted
            Files.move(away, nas);
        }
        // The target is tried again
        JsonObject run = project.ended(id, SOON);
        String told = project.log(id);
        assertEquals("COMPLETED", run.getString("status"), told);
        assertTrue(told.contains("looks unmounted"), told);
        for (String store : List.of("local", "nas")) {
            assertTrue(figures(run).getJsonNumber("logBytesFreed." + store).longValue() > 0, () -> figures(run) + told);
        }
        assertEquals(Map.of(), files(log(nas)), "the copy's last log was before the backup that is kept");
        assertTrue(Files.exists(log(local).resolve("archive.json")), "archiving could go on there");
    }

    /** Two names of one place: what is deleted as a copy would be the log itself. */
    @Test
    @Order(6)
    void theLogItselfIsNeverTakenForItsCopy() throws Exception {
        archive.begin(); // the test before has freed all of it
        awaitStored();
        archive.end();
        Path alias = Files.createSymbolicLink(local.resolveSibling("alias"), local.getParent());
        TestStores.define(nightshift.admin(), TestStores.folder("same", alias.resolve("local")));
        JsonObject run = rebuild();
        String told = project.log(run.getString("id"));
        assertEquals(0, figures(run).getInt("logCopiesEntered"), told);
        assertTrue(told.contains("is the same place as the store local"), told);
        nightshift
                .repository()
                .execute("insert into backup.wal_copy (id, project_id, archive_id, run_id, store, location, copied_at)"
                        + " select gen_random_uuid(), project_id, id, gen_random_uuid(), 'same', location, now()"
                        + " from backup.wal_archive");
        source.execute("postgres", "select pg_switch_wal()");
        project.complete(
                "backup", "main", TestProject.none()); // needs nothing of the log: a copy would be deleted whole
        JsonObject expired = failed("expire", keep(1));
        assertTrue(reason(expired).contains("is the same place as the store local"), () -> reason(expired));
        assertTrue(Files.exists(log(local).resolve("archive.json")));
    }

    private static JsonObject keep(int newest) {
        return Json.createObjectBuilder()
                .add("keepCount", newest)
                .add("apply", true)
                .build();
    }
}
