package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RunStatusTest {
    /** The whole table, so that a change of one cell is a change here. */
    @ParameterizedTest
    @CsvSource({
        "QUEUED, WAITING STARTED STOPPED SKIPPED",
        "WAITING, STARTED STOPPED SKIPPED",
        "STARTED, WAITING STOPPING STOPPED COMPLETED PARTIAL FAILED LOST SKIPPED",
        "STOPPING, STOPPED COMPLETED PARTIAL FAILED LOST SKIPPED",
        "STOPPED, QUEUED",
        "PARTIAL, QUEUED",
        "FAILED, QUEUED",
        "LOST, QUEUED",
        "COMPLETED, ''",
        "MISSED, ''",
        "SKIPPED, QUEUED"
    })
    void aRunChangesOnlyAsTheTableSays(RunStatus from, String allowed) {
        Set<String> found = Arrays.stream(RunStatus.values())
                .filter(from::mayBecome)
                .map(Enum::name)
                .collect(Collectors.toSet());
        assertEquals(allowed.isEmpty() ? Set.of() : Set.of(allowed.split(" ")), found);
    }

    @ParameterizedTest
    @CsvSource({
        "WAITING, STARTED STOPPED FAILED",
        "STARTED, COMPLETED FAILED STOPPED SKIPPED LOST WAITING",
        "FAILED, WAITING",
        "STOPPED, WAITING",
        "SKIPPED, WAITING",
        "LOST, WAITING",
        "COMPLETED, ''"
    })
    void aTargetChangesOnlyAsTheTableSays(TargetStatus from, String allowed) {
        Set<String> found = Arrays.stream(TargetStatus.values())
                .filter(from::mayBecome)
                .map(Enum::name)
                .collect(Collectors.toSet());
        assertEquals(allowed.isEmpty() ? Set.of() : Set.of(allowed.split(" ")), found);
    }

    @ParameterizedTest
    @EnumSource(TargetStatus.class)
    void aTargetThatIsDoneIsNeverTakenAgain(TargetStatus status) {
        assertEquals(!status.isDone(), Arrays.stream(TargetStatus.values()).anyMatch(status::mayBecome));
    }

    @Test
    void aRunIsWhatItsTargetsHaveComeTo() {
        assertEquals(RunStatus.COMPLETED, RunStatus.of(List.of(TargetStatus.COMPLETED, TargetStatus.COMPLETED)));
        assertEquals(RunStatus.PARTIAL, RunStatus.of(List.of(TargetStatus.COMPLETED, TargetStatus.SKIPPED)));
        assertEquals(RunStatus.SKIPPED, RunStatus.of(List.of(TargetStatus.SKIPPED, TargetStatus.SKIPPED)));
        assertEquals(RunStatus.FAILED, RunStatus.of(List.of(TargetStatus.SKIPPED, TargetStatus.FAILED)));
        assertEquals(RunStatus.PARTIAL, RunStatus.of(List.of(TargetStatus.COMPLETED, TargetStatus.FAILED)));
        assertEquals(RunStatus.FAILED, RunStatus.of(List.of(TargetStatus.FAILED, TargetStatus.FAILED)));
        assertEquals(RunStatus.STOPPED, RunStatus.of(List.of(TargetStatus.COMPLETED, TargetStatus.STOPPED)));
    }

    @Test
    void onlyOpenRunsAreNotOver() {
        assertFalse(RunStatus.STOPPING.isOver());
        assertTrue(RunStatus.LOST.isOver());
    }
}
