package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Inventory;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** The server is killed in the middle of each job; the next start finishes the work and leaves nothing lying about. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KillNineIT {
    private static final Duration LONG = Duration.ofMinutes(4);

    private final Nightshift nightshift = Nightshift.shared();
    private final Inventory inventory = new Inventory(nightshift);
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void aSourceThatTakesAWhile() throws SQLException {
        source = Postgres.start(17, Map.of("wal_level", "logical", "autovacuum", "off"));
        source.execute("postgres", "create database big");
        source.execute("big", """
                create table filler as
                select id, md5(id::text) || md5((-id)::text) as a, repeat(md5((id * 7)::text), 6) as b
                from generate_series(1, 600000) id
                """, "create unique index on filler (id)");
        project = TestProject.create(nightshift.admin(), "kills");
        project.register("big", source, "big");
    }

    @AfterAll
    void stop() {
        source.close();
    }

    @Test
    @Order(1)
    void aBackupIsTakenOnceAndLeavesNoHalfObject() throws Exception {
        String run = project.start(
                "backup",
                "big",
                Json.createObjectBuilder()
                        .add("rateLimitKilobytesPerSecond", 16_384)
                        .build());
        project.awaitStep(run, "copy"::equals);
        nightshift.killServer();
        nightshift.start();
        finishedAtTheSecondAttempt(run);
        List<JsonObject> backups = project.backups("big");
        assertEquals(1, backups.size(), backups.toString());
        Path stored = nightshift.data().resolve("store").resolve(backups.get(0).getString("location"));
        assertAll(
                () -> assertTrue(Files.isDirectory(stored), stored + " holds the backup"),
                () -> assertEquals(List.of(stored), besideAndItself(stored), "the store holds this backup alone"),
                () -> inventory.nothingIsStray(source));
    }

    @Test
    @Order(2)
    void aDrillIsRepeatedAndItsSandboxIsGone() throws Exception {
        String run = project.start("restore-drill", "big", TestProject.none());
        project.awaitStep(run, step -> !step.equals("check") && !step.equals("prepare"));
        Eventually.isTrue(
                "a sandbox",
                Duration.ofSeconds(60),
                () -> !inventory.sandboxProcesses().isEmpty());
        nightshift.killEverything();
        nightshift.start();
        finishedAtTheSecondAttempt(run);
        assertAll(
                () -> assertEquals(
                        "MATCHED",
                        project.backups("big").get(0).getJsonObject("proof").getString("level")),
                () -> inventory.nothingIsStray(source));
    }

    @Test
    @Order(3)
    void aVacuumGoesOnWithWhatWasNotDone() throws Exception {
        for (int i = 1; i <= 4; i++) {
            source.execute(
                    "big",
                    "create table stale_" + i
                            + " as select id, repeat('x', 300) as text from generate_series(1, 60000) id",
                    "delete from stale_" + i + " where id % 2 = 0");
        }
        source.execute(
                "postgres",
                "alter role postgres set vacuum_cost_delay = '20ms'",
                "alter role postgres set vacuum_cost_limit = 200");
        Eventually.sleep(Duration.ofSeconds(2)); // the statistics come after the commit
        String run = project.start("vacuum", "big", TestProject.none());
        Eventually.isTrue(
                "a VACUUM on the source",
                Duration.ofSeconds(60),
                () -> count("select count(*) from pg_stat_progress_vacuum") > 0);
        nightshift.killServer();
        source.execute(
                "postgres",
                "alter role postgres reset vacuum_cost_delay",
                "alter role postgres reset vacuum_cost_limit");
        nightshift.start();
        finishedAtTheSecondAttempt(run);
        assertAll(
                () -> assertEquals(
                        4L,
                        count(
                                "select count(*) from pg_stat_user_tables where relname like 'stale%' and vacuum_count > 0")),
                () -> inventory.nothingIsStray(source));
    }

    @Test
    @Order(4)
    void aRestoreIsFinishedInTheSameFolder() throws Exception {
        Path folder = nightshift.data().resolve("restore/killed");
        String run = project.start("restore", "big", TestProject.parameters("folder", folder.toString()));
        project.awaitStep(run, "restore"::equals);
        nightshift.killServer();
        nightshift.start();
        finishedAtTheSecondAttempt(run);
        assertAll(
                () -> assertTrue(Files.exists(folder.resolve("PG_VERSION"))),
                () -> assertEquals(
                        List.of(folder),
                        besideAndItself(folder).stream()
                                // Others restore into the same root
                                .filter(found -> found.toString().startsWith(folder.toString()))
                                .toList(),
                        "no half restored folder beside it"),
                () -> inventory.nothingIsStray(source));
    }

    /** No attempt comes after it that would clear away what it left. */
    @Test
    @Order(5)
    void whatNoRunComesBackToIsSweptOutOfTheStoreAndAWholeBackupIsCatalogued() throws Exception {
        JsonObject whole = project.backups("big").get(0);
        Path stored = nightshift.data().resolve("store").resolve(whole.getString("location"));
        String run = project.start(
                "backup",
                "big",
                Json.createObjectBuilder()
                        .add("rateLimitKilobytesPerSecond", 16_384)
                        .build());
        project.awaitStep(run, "copy"::equals);
        nightshift.killEverything();
        // As if somebody had stopped it in the moment before
        repository("update job.run set status = 'STOPPING' where id = '" + run + "' and status = 'STARTED'");
        assertEquals(2, besideAndItself(stored).size(), "the half one is there");
        nightshift.start();
        assertEquals("STOPPED", project.ended(run, LONG).getString("status"));
        repository(
                "delete from backup.proof where backup_id = '" + whole.getString("id") + "'",
                "delete from backup.backup where id = '" + whole.getString("id") + "'");
        nightshift.killServer();
        nightshift.start();
        Eventually.isTrue(
                "the half one is gone from " + Objects.requireNonNull(stored.getParent()),
                Duration.ofSeconds(60),
                () -> List.of(Objects.requireNonNull(Objects.requireNonNull(stored.getParent())
                                .toFile()
                                .list()))
                        .equals(List.of(whole.getString("id"))));
        Eventually.isTrue(
                "it is in the catalogue",
                Duration.ofSeconds(60),
                () -> project.backups("big").stream()
                        .anyMatch(found -> found.getString("id").equals(whole.getString("id"))));
        inventory.nothingIsStray(source);
    }

    private void repository(String... statements) throws SQLException {
        try (Connection connection = nightshift.repository().connect("postgres");
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                assertTrue(statement.executeUpdate(sql) > 0, sql);
            }
        }
    }

    private void finishedAtTheSecondAttempt(String id) {
        JsonObject run = project.ended(id, LONG);
        assertEquals("COMPLETED", run.getString("status"), () -> run + "\n" + project.log(id));
        assertEquals(2, run.getInt("attempt"));
        List<JsonObject> all = project.api()
                .get(project.path("runs?job=" + run.getString("job")))
                .expect(200)
                .items();
        assertEquals(1, all.size(), "the same run went on: " + all);
    }

    private static List<Path> besideAndItself(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder.getParent())) {
            return children.sorted().toList();
        }
    }

    private long count(String query) {
        try (Connection connection = source.connect("big");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
