package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpreadAttemptsTest {
    /** Nobody works on any of its targets; for so many heartbeats. */
    @ParameterizedTest
    @CsvSource({
        // waiting, lost, run, heartbeats, broker away, stuck
        "0, 0, STARTED, 2, false, false", // the replies are on their way
        "0, 0, STARTED, 3, false, true", // a reply was lost
        "4, 1, STARTED, 3, false, true", // the places of the run are a dead node's
        "4, 0, STARTED, 3, false, false", // in the queue, behind others
        "4, 0, STARTED, 3, true, true", // nobody takes them from there
        "4, 0, STOPPING, 3, false, true", // and nobody is to
        "4, 0, STARTED, 119, false, false",
        "4, 0, STARTED, 120, false, true"
    })
    void aBatchJobThatWaitsForWhatDoesNotComeIsNotWaitedFor(
            long waiting, long lost, RunStatus run, int quiet, boolean brokerAway, boolean stuck) {
        assertEquals(
                stuck,
                SpreadAttempts.isStuck(new SpreadLedger.Standing(waiting, 0, lost, false), run, quiet, brokerAway));
    }
}
