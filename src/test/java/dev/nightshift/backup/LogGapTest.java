package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.postgres.Lsn;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LogGapTest {
    private static final int SEGMENT = 16 << 20;

    /** Left timeline 1 within its fourth segment. */
    private static final TimelineHistory SECOND = TimelineHistory.parse(2, "1\t0/4000100\tno recovery target\n");

    private static @Nullable String gap(int timeline, int endSegment, TimelineHistory history, int fromSegment) {
        return LogGap.across(new ArchiveWal.Reached(timeline, at(endSegment)), history, at(fromSegment), SEGMENT);
    }

    private static Lsn at(int segment) {
        return new Lsn((long) segment * SEGMENT);
    }

    @Test
    void aPromotionWithinASegmentNeedsWhatIsBeforeTheSegment() {
        assertNull(gap(1, 4, SECOND, 4));
        assertNull(gap(1, 5, SECOND, 4), "the old primary went on");
        assertNotNull(gap(1, 3, SECOND, 4), "the old timeline's third segment is missing");
        assertNotNull(gap(1, 4, SECOND, 5), "the new timeline's first segment is missing");
    }

    @Test
    void whatATimelineInBetweenHasWrittenIsMissing() {
        assertNotNull(gap(1, 4, TimelineHistory.parse(3, "1\t0/4000100\n2\t0/6000100\n"), 6));
        assertNull(gap(1, 4, TimelineHistory.parse(3, "1\t0/4000100\n2\t0/4000200\n"), 4), "in the same segment");
        assertNull(gap(2, 6, TimelineHistory.parse(3, "1\t0/4000100\n2\t0/6000100\n"), 6));
    }

    @Test
    void aSiblingsTimelineIsNoneOfTheArchives() {
        String gap = gap(2, 6, TimelineHistory.parse(3, "1\t0/4000100\n"), 4);
        assertNotNull(gap);
        assertTrue(gap.contains("does not descend"), gap);
    }
}
