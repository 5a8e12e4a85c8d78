package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LogRoomTest {
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final int ALL = 128 << 20;

    private final LogRoom room = new LogRoom();
    private final ProjectId one = new ProjectId(new UUID(0, 1));
    private final ProjectId other = new ProjectId(new UUID(0, 2));
    private final ProjectId third = new ProjectId(new UUID(0, 3));

    @Test
    void aProjectHasHalfOfItAtMost() {
        LogRoom.Taken most = room.take(one, ALL, SHORT);
        assertThrows(Failure.Retryable.class, () -> room.take(one, 1, SHORT));
        LogRoom.Taken rest = room.take(other, ALL, SHORT);
        most.close();
        room.take(one, 1, SHORT).close();
        rest.close();
    }

    /** One that waited in vain for the others' room holds nothing of its own project's. */
    @Test
    void whoWaitedInVainHoldsNothing() {
        LogRoom.Taken first = room.take(one, ALL, SHORT);
        LogRoom.Taken second = room.take(other, ALL, SHORT);
        assertThrows(Failure.Retryable.class, () -> room.take(third, ALL, SHORT));
        first.close();
        room.take(third, ALL, SHORT).close();
        second.close();
    }
}
