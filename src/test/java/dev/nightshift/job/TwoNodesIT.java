package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Seed;
import dev.nightshift.vault.ExportedKeys;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes on one repository are killed and paused by chance while runs and schedules are under way: no target is done
 * twice, none is forgotten, every run ends, and the log that one of them archived has no gap. {@link DoneOnce} says what that means, and {@link TwoNodesForLongIT} does it
 * for ten minutes.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoNodesIT {
    private static final String PROJECT = "two-nodes";
    private static final int DATABASES = 12;
    private static final int EACH = 2;

    private final Nightshift first = Nightshift.shared();
    private final Nightshift second = first.anotherNode();
    private final TwoNodes nodes = new TwoNodes(PROJECT, first, second, Seed.of("TwoNodesIT"));
    private final StaleDatabases databases = StaleDatabases.of(nodes, TestProject.of(first.admin(), PROJECT));

    @BeforeAll
    void databasesWhoseVacuumTakesAWhile() throws Exception {
        CompletableFuture<Void> starting = CompletableFuture.runAsync(second::start);
        DoneOnce.watch(first.repository());
        TestProject.create(first.admin(), PROJECT);
        databases.create(DATABASES, EACH);
        starting.join();
    }

    @AfterAll
    void stop() throws Exception {
        nodes.close();
        try {
            second.remove();
        } finally {
            databases.close();
            DoneOnce.watchNoMore(first.repository());
            if (!first.isRunning()) {
                first.start();
            }
        }
    }

    @Test
    void aNodeThatIsPausedAndOneThatIsKilledLoseAndDoubleNothing(@TempDir Path folder) throws Exception {
        try (Postgres archived = Postgres.start(17, TestArchive.KEEPS)) {
            TestProject project = TestProject.of(first.admin(), PROJECT);
            ExportedKeys keys = ExportedKeys.read(project.recoveryKey(folder));
            project.register("archived", archived, "postgres");
            TestArchive archive = new TestArchive(project, "archived");
            archive.change(TestArchive.on());
            archive.awaitState("STREAMING");
            archive.awaitCovered();
            String archiver = archiver();
            databases.schedule();
            databases.keepBusy();
            nodes.killOneWhileTheOtherIsPaused();
            databases.letEnd();
            TestArchive.fill(archived, "afterwards", 1);
            archive.hurry();
            archive.awaitCovered();
            archive.awaitState("STREAMING");
            assertNotEquals(archiver, archiver(), "who did it was killed, or silent for too long");
            assertEquals(
                    1,
                    archive.wal().getJsonArray("stretches").size(),
                    () -> archive.wal().toString());
            assertFalse(archive.finding("has a gap").isPresent());
            Path store = first.data().resolve("store");
            assertTrue(TestArchive.sameAsOfServer(archive.stored(store, keys), archived) >= 1);
            // A node that starts looks at the stores; nobody has to ask
            Eventually.isTrue("the archive was held against its store", Duration.ofMinutes(2), this::isListed);
            assertFalse(archive.finding("is not in the store").isPresent());
            archive.off();
            DoneOnce.holds(first.repository(), PROJECT, databases);
        }
    }

    private boolean isListed() {
        try {
            return !first.repository()
                    .texts("select a.id::text from backup.wal_archive a join fleet.project p on p.id = a.project_id"
                            + " where p.name = '" + PROJECT + "' and a.listed_at is not null")
                    .isEmpty();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The node whose duty the archive is. */
    private String archiver() throws SQLException {
        List<String> nodes = first.repository()
                .texts("select l.node_id::text from job.lease l join fleet.instance i on l.resource = 'wal:' || i.id"
                        + " join fleet.project p on p.id = i.project_id"
                        + " where p.name = '" + PROJECT + "' and l.until > now()");
        assertEquals(1, nodes.size(), nodes::toString);
        return nodes.get(0);
    }
}
