package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.kernel.ProjectId;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class IdleAttemptsTest {
    private final Attempt attempt = new Attempt(
            new ProjectId(UUID.randomUUID()),
            UUID.randomUUID(),
            UUID.randomUUID(),
            1,
            1,
            "backup",
            Parameters.stored(JsonValue.EMPTY_JSON_OBJECT));

    private final IdleAttempts idle = new IdleAttempts();

    private List<Attempt> beat(boolean busy) {
        return idle.after(List.of(attempt), each -> busy);
    }

    @Test
    void anAttemptThatNothingWorksOnForTenMinutesIsLetGoOf() {
        for (int i = 1; i < IdleAttempts.BEATS; i++) {
            assertEquals(List.of(), beat(false));
        }
        assertEquals(List.of(attempt), beat(false));
    }

    @Test
    void aTargetThatIsWorkedOnBeginsTheCountAnew() {
        for (int i = 1; i < IdleAttempts.BEATS; i++) {
            beat(false);
        }
        assertEquals(List.of(), beat(true));
        assertEquals(List.of(), beat(false));
    }

    @Test
    void anAttemptThatEndedMeanwhileIsForgotten() {
        for (int i = 1; i < IdleAttempts.BEATS; i++) {
            beat(false);
        }
        idle.after(List.of(), each -> false);
        assertEquals(List.of(), beat(false));
    }
}
