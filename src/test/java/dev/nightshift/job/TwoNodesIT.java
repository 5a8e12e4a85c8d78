package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes on one repository are killed and paused by chance while runs and schedules are under way: no target is done
 * twice, none is forgotten, and every run ends. {@link DoneOnce} says what that means, and {@link TwoNodesForLongIT} does it
 * for ten minutes. A server's log is archived through all of that.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoNodesIT {
    private static final String PROJECT = "two-nodes";
    private static final String LOGGED = "two-nodes-log";
    private static final int DATABASES = 12;
    private static final int EACH = 2;

    private final Nightshift first = Nightshift.shared();
    private final Nightshift second = first.anotherNode();
    private final TwoNodes nodes = new TwoNodes(PROJECT, first, second, Seed.of("TwoNodesIT"));
    private final StaleDatabases databases = StaleDatabases.of(nodes, TestProject.of(first.admin(), PROJECT));

    private final Postgres logged = Postgres.start(18, TestArchive.KEEPS);
    private ExportedKeys keys;

    @BeforeAll
    void databasesWhoseVacuumTakesAWhile(@TempDir Path folder) throws Exception {
        CompletableFuture<Void> starting = CompletableFuture.runAsync(second::start);
        DoneOnce.watch(first.repository());
        TestProject.create(first.admin(), PROJECT);
        databases.create(DATABASES, EACH);
        TestProject project = TestProject.create(first.admin(), LOGGED);
        keys = ExportedKeys.read(project.recoveryKey(folder));
        project.register("logged", logged, "postgres");
        TestArchive archive = new TestArchive(project, "logged");
        archive.change(TestArchive.on());
        archive.awaitState("STREAMING");
        TestArchive.fill(logged, "before", 1);
        starting.join();
    }

    @AfterAll
    void stop() throws Exception {
        nodes.close();
        try {
            second.remove();
        } finally {
            databases.close();
            logged.close();
            DoneOnce.watchNoMore(first.repository());
            if (!first.isRunning()) {
                first.start();
            }
        }
    }

    @Test
    void aNodeThatIsPausedAndOneThatIsKilledLoseAndDoubleNothing() throws Exception {
        databases.schedule();
        databases.keepBusy();
        nodes.killOneWhileTheOtherIsPaused();
        databases.letEnd();
        DoneOnce.holds(first.repository(), PROJECT, databases);
        theOtherNodeGoesOnWithTheLogOfOneThatIsKilled();
    }

    private void theOtherNodeGoesOnWithTheLogOfOneThatIsKilled() throws Exception {
        Nightshift holder = Eventually.get("a node that archives", Duration.ofSeconds(90), this::archiving);
        Nightshift other = holder == first ? second : first;
        TestArchive archive = new TestArchive(TestProject.of(other.admin(), LOGGED), "logged");
        archive.awaitState("STREAMING");
        TestArchive.fill(logged, "until", 1);
        holder.killEverything();
        TestArchive.fill(logged, "after", 2);
        archive.awaitCovered();
        assertEquals(Optional.of(other), archiving());
        assertEquals(1, archive.wal().getJsonArray("stretches").size(), "no gap");
        Path store = first.data().resolve("store");
        assertTrue(TestArchive.sameAsOfServer(archive.stored(store, keys), logged) >= 4, "segments, to the byte");
        archive.off();
    }

    /** The node that has the duty. */
    private Optional<Nightshift> archiving() {
        try {
            List<String> names = first.repository()
                    .texts("select n.name from job.lease l join job.node n on n.id = l.node_id"
                            + " join fleet.instance i on l.resource = 'wal:' || i.id"
                            + " where i.name = 'logged' and l.until > now()");
            return names.stream().findFirst().map(name -> name.equals("another") ? second : first);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
