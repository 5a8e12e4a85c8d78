package dev.nightshift.backup;

import static dev.nightshift.testing.TestArchive.awaitReplay;
import static dev.nightshift.testing.TestArchive.fill;
import static dev.nightshift.testing.TestArchive.on;
import static dev.nightshift.testing.TestArchive.sameAsOfServer;
import static dev.nightshift.testing.TestArchive.text;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.CuttingProxy;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.testing.harness.Seed;
import dev.nightshift.vault.ExportedKeys;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A standby that streams from its primary is backed up and archived from, before and while it takes over. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class StandbyIT {
    private static final String PROJECT = "with-standby";
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Map<String, String> SETTINGS = Map.of(
            "max_wal_senders", "8",
            "max_replication_slots", "6",
            "wal_keep_size", "1GB",
            "summarize_wal", "on",
            "hot_standby_feedback", "on",
            "autovacuum", "off");

    private final Nightshift nightshift = Nightshift.shared();
    private final Inventory inventory = new Inventory(nightshift);
    private TestProject project;
    private Postgres primary;
    private Postgres standby;
    private CuttingProxy address;

    @BeforeAll
    void aPrimaryAndItsStandby() throws Exception {
        primary = Postgres.start(18, SETTINGS);
        primary.execute(
                "postgres",
                "create table digits as select id, md5(id::text) as text from generate_series(1, 100000) id",
                "create index on digits (id)",
                "checkpoint");
        standby = primary.standby(SETTINGS);
        address = CuttingProxy.to(primary.port(), Seed.of("StandbyIT"));
        project = TestProject.create(nightshift.admin(), PROJECT);
        project.register("replica", standby, "postgres");
        project.register("main", primary, address.port(), "postgres", primary.user(), primary.password());
    }

    @AfterAll
    void stop() {
        address.close();
        standby.close();
        primary.close();
    }

    @Test
    @Order(1)
    void whatItHadReplayedIsBackedUpProvenAndRestored(@TempDir Path work) throws Exception {
        String full = backedUp(TestProject.none(), "FULL", 1);
        primary.execute("postgres", "update digits set text = 'changed' where id = 7", "checkpoint");
        awaitReplay(primary, standby);
        standby.execute("postgres", "checkpoint");
        String changes = backedUp(TestProject.parameters("kind", "incremental"), "INCREMENTAL", 2);
        assertEquals(full, project.backup(changes).getString("parent"));
        Path folder = nightshift.data().resolve("restore").resolve("standby");
        JsonObject restore = project.complete(
                "restore",
                "replica",
                Json.createObjectBuilder(TestProject.parameters("backup", changes))
                        .add("folder", folder.toString())
                        .build());
        assertTrue(project.log(restore.getString("id")).contains("The source was a standby"));
        Files.delete(folder.resolve("standby.signal"));
        Path own = Files.move(folder, work.resolve("own"));
        try (RestoredServer restored = RestoredServer.start(standby.cluster().binaries(), own)) {
            assertEquals(
                    "100000 1",
                    restored.answer(
                            "postgres",
                            primary.password(),
                            "select count(*) || ' ' || count(*) filter (where text = 'changed') from digits"));
        }
    }

    @Test
    @Order(3)
    void aDumpOfItMatches() throws Exception {
        try (Postgres old = Postgres.start(Postgres.debian15(), Map.of("wal_keep_size", "1GB"))) {
            old.execute("postgres", "create table kept as select generate_series(1, 1000) id");
            try (Postgres replica = old.standby(Map.of())) {
                project.register("dumped", replica, "postgres");
                project.complete("backup", "dumped", TestProject.parameters("kind", "logical"));
                String dump = project.backups("dumped").get(0).getString("id");
                project.complete("restore-drill", "dumped", TestProject.parameters("backup", dump));
                JsonObject proof = project.backup(dump).getJsonObject("proof");
                assertEquals("MATCHED", proof.getString("level"), proof::toString);
            }
        }
    }

    /** Takes it while the primary writes, and proves it; answers its id. */
    private String backedUp(JsonObject parameters, String kind, int round) throws SQLException {
        primary.execute("postgres", "create table before_" + round + " as select 1 as id");
        awaitReplay(primary, standby);
        JsonObject run = project.complete("backup", "replica", parameters);
        String log = project.log(run.getString("id"));
        JsonObject taken = project.backups("replica").get(0);
        project.complete("restore-drill", "replica", TestProject.none());
        JsonObject proof = project.backup(taken.getString("id")).getJsonObject("proof");
        assertAll(
                () -> assertEquals(kind, taken.getString("kind"), log),
                () -> assertTrue(log.contains("recovery is in progress"), log),
                () -> assertTrue(log.contains("The server is a standby"), log),
                () -> assertEquals("RESTORED", proof.getString("level"), proof::toString),
                () -> assertTrue(proof.isNull("reason"), proof::toString),
                () -> assertEquals("0", text(standby, "select count(*)::text from pg_replication_slots")));
        return taken.getString("id");
    }

    /** The address of the primary leads to the standby then, which knows nothing of the archive's slot. */
    @Test
    @Order(2)
    void theStandbyIsPromotedInMidBackupAndTakesTheArchiveOver(@TempDir Path folder) throws Exception {
        ExportedKeys keys = ExportedKeys.read(project.recoveryKey(folder));
        TestArchive archive = new TestArchive(project, "main");
        archive.change(on());
        archive.awaitState("STREAMING");
        fill(primary, "before", 2);
        archive.awaitCovered();
        awaitReplay(primary, standby);
        List<String> stored = inventory.backups(PROJECT);
        List<String> others = inventory.halfBackups(PROJECT); // the archive's folder
        int known = project.backups("replica").size();

        String run = project.start(
                "backup",
                "replica",
                Json.createObjectBuilder()
                        .add("rateLimitKilobytesPerSecond", 8_192)
                        .build());
        Eventually.isTrue("the middle of the copy", SOON, () -> copied(run) > 5_000_000);
        primary.kill();
        text(standby, "select pg_promote()::text");
        address.turnTo(standby.port());
        JsonObject ended = project.ended(run, Duration.ofMinutes(3));
        String said = ended.toString();
        assertAll(
                () -> assertEquals("FAILED", ended.getString("status"), () -> said + project.log(run)),
                () -> assertTrue(said.contains("promoted"), () -> said + project.log(run)),
                () -> assertEquals(stored, inventory.backups(PROJECT)),
                () -> assertEquals(others, inventory.halfBackups(PROJECT)),
                () -> assertEquals(known, project.backups("replica").size()));

        archive.hurry();
        Eventually.isTrue("the new timeline", SOON, () -> archive.newest().getInt("timeline") == 2);
        fill(standby, "after", 1);
        archive.awaitState("STREAMING");
        archive.awaitCovered();
        assertEquals(
                2,
                archive.wal().getJsonArray("stretches").size(),
                () -> archive.wal().toString());
        assertTrue(archive.newest().isNull("gap"), () -> archive.wal().toString());
        assertFalse(archive.finding("has a gap").isPresent());
        assertTrue(sameAsOfServer(archive.stored(nightshift.data().resolve("store"), keys), standby) >= 4);

        project.complete("backup", "replica", TestProject.parameters("kind", "incremental"));
        JsonObject next = project.backups("replica").get(0);
        assertTrue(next.getString("fullBecause").contains("promoted since, from timeline 1 to 2"), next::toString);
        project.complete("restore-drill", "replica", TestProject.none());
        JsonObject proof = project.backup(next.getString("id")).getJsonObject("proof");
        assertEquals("MATCHED", proof.getString("level"), proof::toString);
        archive.off();
    }

    /** Bytes of the copy that is under way. */
    private long copied(String run) {
        JsonObject now = project.run(run);
        assertTrue(now.isNull("endedAt"), () -> now + project.log(run));
        JsonValue progress = now.getJsonArray("targets").getJsonObject(0).getOrDefault("progress", JsonValue.NULL);
        return progress instanceof JsonObject of
                        && project.currentStep(run).filter("copy"::equals).isPresent()
                ? of.getJsonNumber("done").longValue()
                : 0;
    }
}
