package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.CuttingProxy;
import dev.nightshift.testing.harness.Damage;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.testing.harness.Seed;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What goes wrong with logical backups: said in clear words, and nothing half remains. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LogicalTroubleIT {
    private static final String PROJECT = "dump-trouble";
    private static final Duration MOST = Duration.ofMinutes(3);

    private final Nightshift nightshift = Nightshift.shared();
    private final Inventory inventory = new Inventory(nightshift);
    private TestProject project;
    private Postgres source;
    private Postgres newer;
    private CuttingProxy proxy;

    @BeforeAll
    void aSourceBehindANetwork() throws Exception {
        project = TestProject.create(nightshift.admin(), PROJECT);
        source = Postgres.start(15);
        newer = Postgres.start(18);
        proxy = CuttingProxy.to(source.port(), Seed.of("LogicalTroubleIT"));
        source.execute("postgres", "create database big");
        source.execute(
                "big",
                "create table digits as select md5(id::text) || md5((-id)::text) as text from generate_series(1, 300000) id",
                "create sequence counter",
                "select setval('counter', 7)");
        project.register("big", source, proxy.port(), "big", source.user(), source.password());
        project.register("newer", newer, "postgres");
    }

    @AfterAll
    void gone() {
        proxy.close();
        source.close();
        newer.close();
    }

    private static JsonObjectBuilder logical() {
        return Json.createObjectBuilder().add("kind", "logical");
    }

    private static JsonObject target(JsonObject run) {
        return run.getJsonArray("targets").getJsonObject(0);
    }

    private Optional<ProcessHandle> program() {
        return nightshift.servers().stream()
                .flatMap(ProcessHandle::descendants)
                .filter(each -> each.info().command().orElse("").endsWith("/pg_dump"))
                .findFirst();
    }

    @Test
    void aServerThatIsNewerThanPgDumpIsRefusedWithThePackage() {
        JsonObject ended =
                project.ended(project.start("backup", "newer", logical().build()), MOST);
        assertAll(
                () -> assertFalse(ended.getString("status").equals("COMPLETED"), ended::toString),
                () -> assertTrue(target(ended).getString("reason").contains("PostgreSQL 18 or newer"), ended::toString),
                () -> assertTrue(target(ended).getString("reason").contains("found are 15."), ended::toString),
                () -> assertTrue(target(ended).getString("remedy").contains("postgresql-client-18"), ended::toString),
                () -> assertTrue(
                        target(ended).getString("remedy").contains("NIGHTSHIFT_POSTGRES_BINARIES"), ended::toString));
    }

    @Test
    void aRoleThatAPolicyHidesRowsFromTakesNoBackupAtAll() throws Exception {
        TestProject other = TestProject.create(nightshift.admin(), "dump-policed");
        try (Postgres policed = Postgres.start(15)) {
            policed.execute(
                    "postgres", "create role blind login password 'blind-5521'", "grant pg_read_all_data to blind");
            policed.execute(
                    "postgres",
                    "create table rows as select id from generate_series(1, 10) id",
                    "alter table rows enable row level security",
                    "create policy few on rows using (id < 3)");
            other.register("policed", policed, "postgres", "blind", "blind-5521");
            JsonObject ended =
                    other.ended(other.start("backup", "policed", logical().build()), MOST);
            assertAll(
                    () -> assertFalse(ended.getString("status").equals("COMPLETED"), ended::toString),
                    () -> assertTrue(target(ended).getString("reason").contains("row-level security"), ended::toString),
                    () -> assertTrue(target(ended).getString("remedy").contains("BYPASSRLS"), ended::toString),
                    () -> assertEquals(List.of(), other.backups("policed")),
                    () -> assertEquals(List.of(), inventory.halfBackups("dump-policed")));
        }
    }

    /** The first try is killed while it writes; the second comes through a network that is well again. */
    @Test
    void aDumpThatIsKilledIsNoBackupAndIsTakenAgain() throws Exception {
        int before = project.backups("big").size();
        proxy.slow(Duration.ofMillis(5));
        String run = project.start("backup", "big", logical().build());
        ProcessHandle running = Eventually.get("pg_dump", MOST, this::program);
        String seen = Processes.commandLine(running);
        Eventually.isTrue(
                "something stored", MOST, () -> !inventory.halfBackups(PROJECT).isEmpty());
        assertTrue(running.destroyForcibly());
        Eventually.isTrue(
                "nothing half",
                MOST,
                () -> inventory.halfBackups(PROJECT).isEmpty() || program().isPresent());
        proxy.slow(Duration.ZERO);
        JsonObject ended = project.ended(run, MOST);
        String log = project.log(run);
        assertAll(
                () -> assertEquals("COMPLETED", ended.getString("status"), () -> ended + "\n" + log),
                () -> assertTrue(log.contains("was ended by signal 9"), log),
                () -> assertFalse(seen.contains(source.password()) || seen.contains("PASSWORD"), seen),
                () -> assertEquals(before + 1, project.backups("big").size()),
                () -> assertEquals(List.of(), inventory.halfBackups(PROJECT)));
    }

    /** A gateway may forget the session that is idle meanwhile: pg_dump has its snapshot by then. */
    @Test
    void aDumpIsWholeThoughTheSessionThatExportedItsSnapshotIsGone() throws Exception {
        proxy.slow(Duration.ofMillis(20));
        String run = project.start("backup", "big", logical().build());
        Eventually.get("pg_dump", MOST, this::program);
        Eventually.isTrue(
                "the session is idle and gone",
                MOST,
                () -> !inventory.halfBackups(PROJECT).isEmpty() && ended() > 0);
        proxy.slow(Duration.ZERO);
        JsonObject ended = project.ended(run, MOST);
        String log = project.log(run);
        assertAll(
                () -> assertEquals("COMPLETED", ended.getString("status"), () -> ended + "\n" + log),
                () -> assertTrue(log.contains("nothing is known of its sequences"), log),
                () -> assertTrue(log.contains("Evidence of 1 tables and sequences"), log));
    }

    /** How many sessions that have measured what they had to were ended. */
    private int ended() {
        try (Connection connection = source.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select count(pg_terminate_backend(pid)) from pg_stat_activity
                         where application_name like 'nightshift\\_%' and state = 'idle in transaction'
                           and query like '%has_table_privilege(''pg_catalog.pg_largeobject''%'
                        """)) {
            row.next();
            return row.getInt(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aNetworkThatCutsAgainAndAgainLeavesNothing() {
        int before = project.backups("big").size();
        proxy.cut(Integer.MAX_VALUE, 2_000_000);
        JsonObject ended =
                project.ended(project.start("backup", "big", logical().build()), MOST);
        proxy.cut(0, 2_000_000);
        assertAll(
                () -> assertEquals("FAILED", ended.getString("status"), ended::toString),
                () -> assertEquals(before, project.backups("big").size()),
                () -> assertEquals(List.of(), inventory.halfBackups(PROJECT)),
                () -> assertEquals(Optional.empty(), program()));
    }

    @Test
    void aRunThatIsStoppedEndsPgDumpAndLeavesNothing() {
        int before = project.backups("big").size();
        proxy.slow(Duration.ofMillis(20));
        String run = project.start("backup", "big", logical().build());
        Eventually.get("pg_dump", MOST, this::program);
        project.api().post(project.path("runs/" + run + "/stop")).expect(202);
        JsonObject ended = project.ended(run, MOST);
        proxy.slow(Duration.ZERO);
        assertAll(
                () -> assertEquals("STOPPED", ended.getString("status"), ended::toString),
                () -> assertEquals(before, project.backups("big").size()),
                () -> assertEquals(List.of(), inventory.halfBackups(PROJECT)),
                () -> assertEquals(Optional.empty(), program()));
    }

    @Test
    void aDamagedObjectIsNamedByTheProof() throws IOException {
        JsonObject taken = project.complete(
                "backup", "big", logical().add("evidence", "none").build());
        String id = target(taken).getJsonObject("figures").getString("backup");
        Path object = nightshift
                .data()
                .resolve("store")
                .resolve(project.backup(id).getString("location"))
                .resolve("database.dump/0001");
        Damage.flip(object);
        JsonObject ended =
                project.ended(project.start("restore-drill", "big", TestProject.parameters("backup", id)), MOST);
        JsonObject proof = project.backup(id).getJsonObject("proof");
        assertAll(
                () -> assertEquals("FAILED", ended.getString("status"), ended::toString),
                () -> assertEquals("STORED", proof.getString("level"), proof::toString),
                () -> assertTrue(proof.getString("reason").contains("database.dump/0001"), proof::toString));
    }

    @Test
    void nothingIsBuiltOnALogicalBackupAndNoneIsChosenFromItsServer() {
        String id = target(project.complete(
                        "backup", "big", logical().add("evidence", "none").build()))
                .getJsonObject("figures")
                .getString("backup");
        JsonObject parent = Json.createObjectBuilder()
                .add("kind", "incremental")
                .add("parent", id)
                .build();
        JsonObject folder = Json.createObjectBuilder()
                .add("backup", id)
                .add("folder", "/tmp/nowhere")
                .build();
        assertAll(
                () -> assertTrue(refused("backup", parent).contains("nothing is built on it"), "parent"),
                () -> assertTrue(refused("restore", folder).length() > 0, "folder"),
                () -> assertTrue(refused(
                                "backup",
                                Json.createObjectBuilder()
                                        .add("tables", "public.t")
                                        .build())
                        .contains("holds the whole instance")),
                () -> assertTrue(
                        refused("backup", logical().add("tables", "\"open").build())
                                .contains("not closed")),
                () -> assertTrue(project.api()
                        .get(project.path("databases/big"))
                        .expect(200)
                        .object()
                        .isNull("backup")));
    }

    private String refused(String job, JsonObject parameters) {
        return project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", job)
                                .add("databases", Json.createArrayBuilder().add("big"))
                                .add("parameters", parameters)
                                .build())
                .expect(400)
                .body();
    }
}
