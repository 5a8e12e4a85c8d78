package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.ProjectId;
import jakarta.json.JsonValue;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalTargetsTest {
    private final LocalTargets local = new LocalTargets();
    private final Attempt attempt = new Attempt(
            new ProjectId(UUID.randomUUID()),
            UUID.randomUUID(),
            UUID.randomUUID(),
            1,
            1,
            "backup",
            Parameters.stored(JsonValue.EMPTY_JSON_OBJECT));

    @ParameterizedTest
    @CsvSource({"8,0,0,8", "8,8,0,0", "8,8,8,8", "8,8,1,1", "8,15,8,1", "8,16,16,0", "8,16,8,0", "1,1,1,1", "1,2,1,0"})
    void runsThatOnlyWaitLeaveTheirPlacesToAsManyOthers(int places, int attempts, int waiting, int room) {
        assertEquals(room, LocalTargets.room(places, attempts, waiting));
    }

    @Test
    void anAttemptInDoubtOrStartedIsKnown() {
        assertFalse(local.knows(attempt.id()));
        local.doubt(attempt.id());
        assertTrue(local.knows(attempt.id()));
        local.started(attempt);
        local.doubtNoMore(attempt.id());
        assertTrue(local.knows(attempt.id()));
        local.ended(attempt.id());
        assertFalse(local.knows(attempt.id()));
    }

    @Test
    void aSecondBatchJobDoesNotTakeWhatTheFirstOneHas() {
        local.started(attempt);
        assertTrue(local.takes(attempt.id(), 7));
        local.notStarted(attempt.id());
        local.started(attempt);
        assertFalse(local.takes(attempt.id(), 8));
        assertTrue(local.takes(attempt.id(), 7));
    }
}
