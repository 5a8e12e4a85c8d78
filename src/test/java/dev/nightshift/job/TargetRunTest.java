package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TargetRunTest {
    private final Failure.Retryable lockLost = new Failure.Retryable("The lock is gone.", null, null);
    private final TargetRun target = new TargetRun(
            new Attempt(
                    new ProjectId(UUID.randomUUID()),
                    UUID.randomUUID(),
                    UUID.randomUUID(),
                    1,
                    1,
                    "vacuum",
                    Parameters.stored(JsonValue.EMPTY_JSON_OBJECT)),
            new TargetLedger.Taken(UUID.randomUUID(), UUID.randomUUID(), null, List.of("shop"), Optional.empty()),
            new TargetLedger(),
            new Ledger());

    @Test
    void anInterruptionCancelsTheWorkAndSaysWhy() {
        var cancelled = new AtomicInteger();
        target.onStop(cancelled::incrementAndGet);
        target.interrupt(lockLost);
        assertEquals(1, cancelled.get());
        assertSame(lockLost, assertThrows(Failure.Retryable.class, target::throwIfStopped));
    }

    @Test
    void theTryAfterAnInterruptionIsNeitherStoppedNorCancelsWhatItsPredecessorUsed() {
        var cancelled = new AtomicInteger();
        target.onStop(cancelled::incrementAndGet);
        target.interrupt(lockLost);
        target.signal().tryAgain();
        assertFalse(target.stopRequested());
        assertDoesNotThrow(target::throwIfStopped);
        target.signal().stop(Runnable::run);
        assertEquals(1, cancelled.get());
        assertThrows(StopRequested.class, target::throwIfStopped);
    }

    @Test
    void aPersonsStopIsNotForgottenByAnotherTry() {
        target.signal().stop(Runnable::run);
        target.interrupt(lockLost);
        target.signal().tryAgain();
        assertThrows(StopRequested.class, target::throwIfStopped);
    }

    @Test
    void aNodeThatGoesDownWinsOverAnInterruption() {
        target.interrupt(lockLost);
        target.signal().handOver();
        target.signal().tryAgain();
        assertThrows(StopRequested.class, target::throwIfStopped);
    }

    @Test
    void workThatWasTakenOverHearsThatRatherThanAStop() {
        target.signal().stop(Runnable::run);
        target.signal().takenOver(Runnable::run);
        assertThrows(TakenOver.class, target::throwIfStopped);
    }

    @Test
    void theGraceBeginsWithThePersonsStopAndNotWithAnInterruption() throws InterruptedException {
        target.interrupt(lockLost);
        Thread.sleep(5);
        assertFalse(target.signal().isOverdue(Duration.ofMillis(1)));
        target.signal().stop(Runnable::run);
        assertFalse(target.signal().isOverdue(Duration.ofMinutes(1)));
        Thread.sleep(5);
        assertTrue(target.signal().isOverdue(Duration.ofMillis(1)));
    }

    @Test
    void onlyTheThreadThatStillWorksIsInterrupted() {
        target.signal().workedOnBy(Thread.currentThread());
        target.signal().giveUp(Runnable::run);
        assertTrue(Thread.interrupted());
        target.signal().workedOnBy(null);
        target.signal().giveUp(Runnable::run);
        assertFalse(Thread.interrupted());
        assertTrue(target.signal().isGivenUp());
    }

    @Test
    void whatTheWorkHoldsElsewhereIsCutOffWhenItIsGivenUpAndNotBefore() {
        AtomicInteger cut = new AtomicInteger();
        target.onGiveUp(cut::incrementAndGet);
        target.signal().stop(Runnable::run);
        assertEquals(0, cut.get());
        target.signal().giveUp(Runnable::run);
        assertEquals(1, cut.get());
        target.onGiveUp(cut::incrementAndGet);
        assertEquals(2, cut.get(), "connected too late");
    }
}
