package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.BreakerStatus.State;
import dev.nightshift.testing.TestClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BreakerTest {
    private final TestClock clock = new TestClock();
    private final Breaker breaker = new Breaker("db1:5432", 5, Duration.ofSeconds(60), clock);

    @Test
    void theFifthFailureInARowOpensIt() {
        fail(4);
        assertEquals(State.CLOSED, breaker.status().state());
        fail(1);
        BreakerStatus open = breaker.status();
        assertEquals(State.OPEN, open.state());
        assertEquals(clock.now(), open.since());
        assertEquals(clock.now().plusSeconds(60), open.retryAt());
        assertEquals("connection refused", open.lastError());
    }

    @Test
    void aSuccessBetweenFailuresStartsTheCountAgain() {
        fail(4);
        breaker.admit();
        breaker.reached();
        fail(4);
        assertEquals(State.CLOSED, breaker.status().state());
    }

    @Test
    void whileOpenItRefusesAtOnceAndSaysSinceWhenWhyAndWhenItTriesNext() {
        fail(5);
        clock.advance(Duration.ofSeconds(59));
        Failure refused = assertThrows(Failure.Retryable.class, breaker::admit);
        String words = String.valueOf(refused.getMessage());
        assertTrue(words.contains("db1:5432"), words);
        assertTrue(words.contains("since 2026-11-21T02:00:00Z"), words);
        assertTrue(words.contains("connection refused"), words);
        assertTrue(words.contains("2026-11-21T02:01:00Z"), words);
    }

    @Test
    void afterItsRestItLetsOneTryWhoseSuccessClosesIt() {
        fail(5);
        clock.advance(Duration.ofSeconds(60));
        breaker.admit();
        assertEquals(State.HALF_OPEN, breaker.status().state());
        assertThrows(Failure.Retryable.class, breaker::admit);
        breaker.reached();
        assertEquals(State.CLOSED, breaker.status().state());
        assertEquals(0, breaker.status().failures());
        assertNull(breaker.status().retryAt());
        assertDoesNotThrow(breaker::admit);
    }

    @Test
    void oneThatNobodyTriesAgainIsKnown() {
        assertFalse(breaker.isUnaskedSince(clock.now()), "closed");
        fail(5);
        clock.advance(Duration.ofSeconds(61));
        assertFalse(breaker.isUnaskedSince(clock.now().minusSeconds(1)));
        assertTrue(breaker.isUnaskedSince(clock.now()));
        fail(1);
        assertFalse(breaker.isUnaskedSince(clock.now()), "it was tried, and rests again");
    }

    @Test
    void aFailedTrialOpensItForAnotherRest() {
        fail(5);
        clock.advance(Duration.ofSeconds(60));
        fail(1);
        assertEquals(State.OPEN, breaker.status().state());
        assertEquals(clock.now().plusSeconds(60), breaker.status().retryAt());
        assertThrows(Failure.Retryable.class, breaker::admit);
    }

    @Test
    void aTrialThatNeverGotThereLeavesItsTurnToTheNext() {
        fail(5);
        clock.advance(Duration.ofSeconds(60));
        breaker.admit();
        breaker.unknown();
        assertDoesNotThrow(breaker::admit);
    }

    @Test
    void aLateFailureOfWorkThatBeganBeforeItOpenedDoesNotProlongItsRest() {
        fail(5);
        var retryAt = breaker.status().retryAt();
        clock.advance(Duration.ofSeconds(30));
        breaker.failed("late");
        assertEquals(retryAt, breaker.status().retryAt());
    }

    private void fail(int times) {
        for (int time = 0; time < times; time++) {
            breaker.admit();
            breaker.failed("connection refused");
        }
    }
}
