package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.job.Run;
import dev.nightshift.job.RunRequest;
import dev.nightshift.job.RunStatus;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FirstNightTest {
    private static final Instant NOW = Instant.parse("2026-11-25T06:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "QUEUED, true",
        "STARTED, true",
        "STOPPING, true",
        "COMPLETED, true",
        "SKIPPED, false",
        "PARTIAL, false",
        "FAILED, false",
        "STOPPED, false",
        "LOST, false"
    })
    void aStartTakesUpWhatIsUnderWayOrDoneAndPlaysTheRestAgain(RunStatus status, boolean taken) {
        assertEquals(
                taken,
                FirstNight.isOfTonight(run(status, status.isOver() ? NOW.minus(Duration.ofHours(1)) : null), NOW));
    }

    @Test
    void whatWasDoneTheNightBeforeIsPlayedAgain() {
        assertEquals(false, FirstNight.isOfTonight(run(RunStatus.COMPLETED, NOW.minus(Duration.ofHours(21))), NOW));
    }

    @ParameterizedTest
    @CsvSource({"COMPLETED, true", "SKIPPED, true", "PARTIAL, false", "FAILED, false", "STOPPED, false", "LOST, false"})
    void theRoundGoesOnAfterWhatThisMachineCannotDo(RunStatus ended, boolean goesOn) {
        assertEquals(goesOn, FirstNight.goesOnAfter(ended));
    }

    private static Run run(RunStatus status, @Nullable Instant ended) {
        return new Run(
                new UUID(7, 1),
                "restore-drill",
                status,
                null,
                RunRequest.Trigger.START,
                "nightshift",
                null,
                null,
                JsonValue.EMPTY_JSON_OBJECT,
                1,
                null,
                NOW,
                NOW,
                ended,
                null,
                0,
                List.of(),
                List.of());
    }
}
