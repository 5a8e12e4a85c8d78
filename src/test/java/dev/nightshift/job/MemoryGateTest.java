package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.testing.Eventually;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A gate of two places, so of one for copies. */
class MemoryGateTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private final MemoryGate gate = new MemoryGate(100 << 20);
    private final List<@Nullable String> said = Collections.synchronizedList(new ArrayList<>());
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Job moving = new Of(Job.Moves.IN_TURN);

    /** Only what the gate asks it. */
    private record Of(Job.Moves moves) implements Job {
        @Override
        public JobDefinition definition() {
            throw new UnsupportedOperationException();
        }
    }

    /** Keeps what a target waits for, and fails where a test says so. */
    private class Told extends TargetLedger {
        @Override
        void reason(Attempt attempt, UUID target, @Nullable String reason) {
            said.add(reason);
        }
    }

    private TargetRun target() {
        return target(new Told());
    }

    private static TargetRun target(TargetLedger ledger) {
        return new TargetRun(
                new Attempt(
                        new ProjectId(UUID.randomUUID()),
                        UUID.randomUUID(),
                        UUID.randomUUID(),
                        1,
                        1,
                        "backup",
                        Parameters.stored(JsonValue.EMPTY_JSON_OBJECT)),
                new TargetLedger.Taken(UUID.randomUUID(), UUID.randomUUID(), null, List.of("shop"), Optional.empty()),
                ledger,
                new Ledger());
    }

    @AfterEach
    void end() {
        threads.shutdownNow();
    }

    private Future<MemoryGate.Place> entering(TargetRun target) {
        return entering(moving, target);
    }

    private Future<MemoryGate.Place> entering(Job job, TargetRun target) {
        Future<MemoryGate.Place> entered = threads.submit(() -> gate.enter(job, target));
        Eventually.isTrue("it says that it waits", SOON, target::isWaiting);
        return entered;
    }

    @Test
    void whoComesFirstGoesFirstAndSaysWhatItWaitsFor() throws Exception {
        MemoryGate.Place first = gate.enter(moving, target());
        MemoryGate.Place second = gate.enter(moving, target());
        assertEquals(List.of(), said);
        TargetRun early = target();
        Future<MemoryGate.Place> third = entering(early);
        Future<MemoryGate.Place> fourth = entering(target());
        assertTrue(String.valueOf(said.get(0)).contains("the data of 2 targets at once"), said::toString);
        first.close();
        third.get(20, TimeUnit.SECONDS);
        assertFalse(early.isWaiting());
        assertFalse(fourth.isDone());
        second.close();
        fourth.get(20, TimeUnit.SECONDS);
    }

    @Test
    void aRestoreGoesBeforeThoseThatWaitInTurn() throws Exception {
        MemoryGate.Place first = gate.enter(moving, target());
        gate.enter(moving, target());
        Future<MemoryGate.Place> third = entering(target());
        Future<MemoryGate.Place> restore = entering(new Of(Job.Moves.FIRST), target());
        first.close();
        restore.get(20, TimeUnit.SECONDS).close();
        third.get(20, TimeUnit.SECONDS);
    }

    @Test
    void copiesLeaveHalfOfTheRoomToOthers() throws Exception {
        Job copying = new Of(Job.Moves.AT_LEISURE);
        MemoryGate.Place copy = gate.enter(copying, target());
        Future<MemoryGate.Place> another = entering(copying, target());
        assertTrue(String.valueOf(said.get(0)).endsWith(", of copies 1."), said::toString);
        gate.enter(moving, target()).close(); // goes past the one that waits
        assertFalse(another.isDone());
        copy.close();
        another.get(20, TimeUnit.SECONDS);
    }

    @Test
    void whatMovesNoDataNeverWaits() throws Exception {
        gate.enter(moving, target());
        gate.enter(moving, target());
        gate.enter(new Of(Job.Moves.NOTHING), target()).close();
        assertEquals(List.of(), said);
    }

    @Test
    void whoeverIsStoppedWhileItWaitsLeavesItsTurnToTheNext() throws Exception {
        MemoryGate.Place first = gate.enter(moving, target());
        gate.enter(moving, target());
        TargetRun stopped = target();
        Future<MemoryGate.Place> third = entering(stopped);
        Future<MemoryGate.Place> fourth = entering(target());
        stopped.signal().stop(Runnable::run);
        var thrown = assertThrows(ExecutionException.class, () -> third.get(20, TimeUnit.SECONDS));
        assertTrue(thrown.getCause() instanceof StopRequested, thrown::toString);
        first.close();
        fourth.get(20, TimeUnit.SECONDS);
    }

    @Test
    void aPlaceIsNotLostWithTheRepositoryThatIsToldOfIt() throws Exception {
        MemoryGate.Place first = gate.enter(moving, target());
        gate.enter(moving, target());
        TargetRun unlucky = target(new Told() {
            @Override
            void reason(Attempt attempt, UUID target, @Nullable String reason) {
                if (reason == null) {
                    throw new Failure.Fatal("The repository is broken.", null, null);
                }
            }
        });
        Future<MemoryGate.Place> third = entering(unlucky);
        first.close();
        assertThrows(ExecutionException.class, () -> third.get(20, TimeUnit.SECONDS));
        gate.enter(moving, target()).close();
        assertEquals(List.of(), said);
    }
}
