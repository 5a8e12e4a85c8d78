package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.CuttingProxy;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.testing.harness.Seed;
import jakarta.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The server, or all of Nightshift, is killed in each step of each job; the next start finishes the run, once, and leaves
 * nothing lying about. Runs with {@code ./mvnw -Pchaos verify}.
 */
@Tag("chaos")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChaosIT {
    private static final String PROJECT = "chaos";
    private static final Duration LONG = Duration.ofMinutes(4);
    private static final int LOOK_MILLIS = 5;

    /** So slow that a few questions take as long as a kill does. */
    private static final Duration SLOW = Duration.ofMillis(200);

    private final Nightshift nightshift = Nightshift.shared();
    private final Inventory inventory = new Inventory(nightshift);
    private final Random random = Seed.of("ChaosIT");
    private Postgres source;
    private CuttingProxy network;
    private TestProject project;

    @BeforeAll
    void aBackupOfASourceThatTakesAWhile() throws SQLException {
        source = Postgres.start(17, Map.of("wal_level", "logical", "autovacuum", "off"));
        source.execute("postgres", "create database big");
        source.execute("big", """
                create table filler as
                select id, md5(id::text) || md5((-id)::text) as a, repeat(md5((id * 7)::text), 6) as b
                from generate_series(1, 600000) id
                """, "create unique index on filler (id)");
        network = CuttingProxy.to(source.port(), random);
        nightshift.awaitDemoRound(); // else its sandbox counts as a stray one
        project = TestProject.create(nightshift.admin(), PROJECT);
        project.register("big", source, network.port(), "big", source.user(), source.password());
        project.complete("backup", "big", TestProject.none());
    }

    @AfterAll
    void stop() {
        network.close();
        source.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"prepare", "checkpoint", "copy", "log"})
    void aBackupThatIsKilledIsTakenOnce(String step) throws SQLException {
        int before = inventory.backups(PROJECT).size();
        if (step.equals("prepare") || step.equals("checkpoint")) {
            network.slow(SLOW);
        }
        String run = project.start("backup", "big", TestProject.none());
        kill(run, step);
        network.slow(Duration.ZERO);
        nightshift.start();
        completed(run);
        oneMoreBackup(before);
    }

    @Test
    void aBackupThatIsKilledBeforeItIsInTheCatalogueIsEnteredThere() throws SQLException {
        int before = inventory.backups(PROJECT).size();
        String run = project.start("backup", "big", TestProject.none());
        awaitStep(run, "copy");
        Connection blocker = catalogueIsLocked();
        try {
            kill(run, "catalogue");
        } finally {
            blocker.close();
        }
        nightshift.start();
        completed(run);
        oneMoreBackup(before);
        assertTrue(project.log(run).contains("had stored a whole backup"), project.log(run));
    }

    private void oneMoreBackup(int before) {
        List<String> stored = inventory.backups(PROJECT);
        assertAll(
                () -> assertEquals(before + 1, stored.size(), stored::toString),
                () -> assertEquals(
                        stored,
                        project.backups("big").stream()
                                .map(backup -> backup.getString("location"))
                                .sorted()
                                .toList()),
                () -> nothingIsStray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"verify", "restore", "recover", "match", "check"})
    void aDrillThatIsKilledIsRepeated(String step) throws SQLException {
        String run = project.start("restore-drill", "big", TestProject.none());
        kill(run, step);
        nightshift.start();
        completed(run);
        assertAll(
                () -> assertEquals(
                        "MATCHED",
                        project.backups("big").get(0).getJsonObject("proof").getString("level")),
                () -> nothingIsStray());
    }

    @Test
    void aRestoreThatIsKilledBeforeItBeginsIsDone() throws SQLException {
        Path folder = nightshift.data().resolve("restore/chaos-check");
        Connection blocker = catalogueIsLocked();
        String run;
        try {
            run = project.start("restore", "big", TestProject.parameters("folder", folder.toString()));
            kill(run, "check");
        } finally {
            blocker.close();
        }
        nightshift.start();
        restored(run, folder);
    }

    @Test
    void aRestoreThatIsKilledIsFinishedInTheSameFolder() throws SQLException {
        Path folder = nightshift.data().resolve("restore/chaos-restore");
        String run = project.start("restore", "big", TestProject.parameters("folder", folder.toString()));
        kill(run, "restore");
        nightshift.start();
        restored(run, folder);
    }

    private void restored(String run, Path folder) {
        completed(run);
        assertAll(() -> assertTrue(Files.exists(folder.resolve("PG_VERSION"))), () -> nothingIsStray());
    }

    /** Its index takes a while to build wherever it is not called slow. */
    @ParameterizedTest
    @ValueSource(strings = {"recover", "restore"})
    void tablesOutOfABackupAreRestoredAnew(String step) throws SQLException {
        try (Postgres small = Postgres.start(15)) {
            small.execute("postgres", "create database slow");
            small.execute(
                    "slow",
                    "create table t as select generate_series(1, 1000) as id",
                    """
                    create function slowly(int) returns int immutable language plpgsql as $$ begin
                        if $1 = 1 and current_database() <> 'slow' then perform pg_sleep(10); end if;
                        return $1;
                    end $$
                    """,
                    "create index on t (slowly(id))");
            String name = "slow-" + step;
            project.register(name, small, "slow");
            project.complete("backup", name, TestProject.none());
            String run = project.start("restore", name, TestProject.parameters("newDatabase", "again"));
            kill(run, step);
            nightshift.start();
            completed(run);
            try (Connection connection = small.connect("again");
                    Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("select count(*), (select count(*) from pg_database"
                            + " where shobj_description(oid, 'pg_database') like 'nightshift%') from t")) {
                row.next();
                assertEquals(1000, row.getInt(1));
                assertEquals(0, row.getInt(2), "databases that are not whole");
            }
            nothingIsStray();
        }
    }

    @Test
    void aVacuumThatIsKilledGoesOnWithWhatWasNotDone() throws SQLException {
        for (int table = 1; table <= 3; table++) {
            source.execute(
                    "big",
                    "create table stale_" + table
                            + " as select id, repeat('x', 300) as text from generate_series(1, 60000) id",
                    "delete from stale_" + table + " where id % 2 = 0");
        }
        source.execute(
                "postgres",
                "alter role postgres set vacuum_cost_delay = '20ms'",
                "alter role postgres set vacuum_cost_limit = 200");
        Eventually.sleep(Duration.ofSeconds(2)); // the statistics come after the commit
        String run = project.start("vacuum", "big", TestProject.none());
        Eventually.isTrue("a VACUUM", Duration.ofSeconds(60), () -> count("pg_stat_progress_vacuum") > 0);
        kill(run, "vacuum");
        source.execute(
                "postgres",
                "alter role postgres reset vacuum_cost_delay",
                "alter role postgres reset vacuum_cost_limit");
        nightshift.start();
        completed(run);
        assertAll(
                () -> assertEquals(3L, count("pg_stat_user_tables where relname like 'stale%' and vacuum_count > 0")),
                () -> nothingIsStray());
    }

    private long count(String what) {
        try (Connection connection = source.connect("big");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from " + what)) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** No run enters or reads a backup until this is closed. */
    private Connection catalogueIsLocked() throws SQLException {
        Connection blocker = nightshift.repository().connect("postgres");
        blocker.setAutoCommit(false);
        try (Statement statement = blocker.createStatement()) {
            statement.execute("lock table backup.backup in access exclusive mode");
        }
        return blocker;
    }

    /** kill -9 in the step: of the server alone, or of everything but the databases. */
    private void kill(String run, String step) throws SQLException {
        boolean everything = random.nextBoolean();
        awaitStep(run, step);
        if (everything) {
            nightshift.killEverything();
        } else {
            nightshift.killServer();
        }
        System.out.println("Killed " + (everything ? "everything" : "the server") + " in step " + step);
    }

    /** Asks the repository itself, because some steps are over before an answer over HTTP would be here. */
    private void awaitStep(String run, String step) throws SQLException {
        try (Connection connection = nightshift.repository().connect("postgres");
                PreparedStatement query = connection.prepareStatement("""
                        select s.status, r.ended_at is not null
                          from job.run r join job.target t on t.run_id = r.id join job.step s on s.target_id = t.id
                         where r.id = ? and s.name = ?
                        """)) {
            query.setObject(1, UUID.fromString(run));
            query.setString(2, step);
            long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
            while (System.nanoTime() < end) {
                try (ResultSet row = query.executeQuery()) {
                    if (row.next()) {
                        if (row.getString(1).equals("STARTED")) {
                            return;
                        }
                        if (row.getString(1).equals("COMPLETED") || row.getBoolean(2)) {
                            throw new AssertionError("The step " + step + " was over too soon: " + project.run(run));
                        }
                    }
                }
                Eventually.sleep(Duration.ofMillis(LOOK_MILLIS));
            }
            throw new AssertionError("The step " + step + " did not come: " + project.run(run) + project.log(run));
        }
    }

    private void completed(String id) {
        JsonObject run = project.ended(id, LONG);
        assertEquals("COMPLETED", run.getString("status"), () -> run + "\n" + project.log(id));
        assertEquals(2, run.getInt("attempt"));
    }

    private void nothingIsStray() {
        assertEquals(List.of(), inventory.halfBackups(PROJECT));
        inventory.nothingIsStray(source);
    }
}
