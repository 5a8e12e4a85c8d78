package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ListedEndsTest {
    private static final Instant NOW = Instant.parse("2026-11-29T21:00:00Z");
    private static final UUID ARCHIVE = new UUID(0, 1);

    private final ListedEnds ends = new ListedEnds();

    @Test
    void whatWasNeverListedSaysNothing() {
        assertFalse(ends.isNothingBehind(ARCHIVE, 1, new Lsn(100), NOW));
    }

    @Test
    void whatWasListedIsOfThisArchiveAndTimelineAndOfAWhile() {
        ends.listed(ARCHIVE, 1, new Lsn(100), NOW);
        assertTrue(ends.isNothingBehind(ARCHIVE, 1, new Lsn(100), NOW));
        assertTrue(ends.isNothingBehind(ARCHIVE, 1, new Lsn(200), NOW.plusSeconds(500)));
        assertFalse(ends.isNothingBehind(ARCHIVE, 1, new Lsn(99), NOW), "something is behind it");
        assertFalse(ends.isNothingBehind(ARCHIVE, 2, new Lsn(100), NOW), "of another timeline");
        assertFalse(ends.isNothingBehind(new UUID(0, 2), 1, new Lsn(100), NOW), "of another archive");
        assertFalse(ends.isNothingBehind(ARCHIVE, 1, new Lsn(100), NOW.plus(Duration.ofMinutes(10))), "long ago");
    }
}
