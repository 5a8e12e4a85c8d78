package dev.nightshift.job;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Seed;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Two nodes on one repository are killed and paused by chance while runs and schedules are under way: no target is done
 * twice, none is forgotten, and every run ends. {@link DoneOnce} says what that means, and {@link TwoNodesForLongIT} does it
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
    void aNodeThatIsPausedAndOneThatIsKilledLoseAndDoubleNothing() throws Exception {
        databases.schedule();
        databases.keepBusy();
        nodes.killOneWhileTheOtherIsPaused();
        databases.letEnd();
        DoneOnce.holds(first.repository(), PROJECT, databases);
    }
}
