package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Seed;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * {@link TwoNodesIT} with 200 databases for ten minutes, on a repository of its own. {@code ./mvnw -Pchaos verify
 * -Dit.test=TwoNodesForLongIT}; {@code -Dnightshift.chaos.minutes=60} for an hour of it, {@code -Dnightshift.seed=…} for the
 * same kills and pauses again.
 */
@Tag("chaos")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoNodesForLongIT {
    private static final String PROJECT = "two-nodes-for-long";
    private static final int DATABASES = 200;
    private static final int EACH = 10;
    private static final Duration LONG = Duration.ofMinutes(Integer.getInteger("nightshift.chaos.minutes", 10));

    /** A run that is lost again and again goes on by itself each time: here nothing but the test is to blame. */
    private final Nightshift first =
            Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false", "NIGHTSHIFT_RUN_LOSSES", "1000"));

    private final Nightshift second = first.anotherNode();
    private final TwoNodes nodes = new TwoNodes(PROJECT, first, second, Seed.of("TwoNodesForLongIT"));
    private final StaleDatabases databases = StaleDatabases.of(nodes, TestProject.of(first.admin(), PROJECT));

    @BeforeAll
    void twoHundredDatabasesWhoseVacuumTakesAWhile() throws Exception {
        first.start();
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
            first.remove();
            databases.close();
        }
    }

    @Test
    void manyMinutesOfItLoseAndDoubleNothing() throws Exception {
        databases.schedule();
        databases.keepBusy();
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < LONG.toNanos()) {
            nodes.disturb();
        }
        databases.letEnd();
        System.out.println(PROJECT + ": " + nodes.kills() + " kills and " + nodes.pauses() + " pauses, over after "
                + Duration.ofNanos(System.nanoTime() - begun).toSeconds() + " s");
        assertAll(
                () -> assertTrue(nodes.kills() > 0, "a node was killed"),
                () -> assertTrue(nodes.pauses() > 0, "a node was paused"),
                () -> DoneOnce.holds(first.repository(), PROJECT, databases));
    }
}
