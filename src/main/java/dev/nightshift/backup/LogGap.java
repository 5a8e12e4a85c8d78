package dev.nightshift.backup;

import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.postgres.Lsn;
import org.jspecify.annotations.Nullable;

/** Why log is missing between an archive's end and a segment that comes; null where none is. */
final class LogGap {
    private LogGap() {}

    /** @param from where the segment begins, on the same timeline and behind the end */
    static String within(ArchiveWal.Reached end, Lsn from) {
        return "the segments from " + end.to() + " up to " + from + " of timeline " + end.timeline()
                + " were not pushed";
    }

    /**
     * Across promotions. A timeline's first segment begins with a copy of what was written before in the segment in which the one
     * before was left; what timelines in between have written in others is missing.
     *
     * @param history of the segment's timeline
     * @param from where the segment begins
     */
    static @Nullable String across(ArchiveWal.Reached end, TimelineHistory history, Lsn from, int segmentBytes) {
        Lsn left = history.part(end.timeline()).map(TimelineHistory.Part::to).orElse(null);
        if (left == null) {
            return "timeline " + history.timeline() + " does not descend from timeline " + end.timeline()
                    + " that the archive ends with";
        }
        Lsn switched = left.segmentStart(segmentBytes);
        return end.to().compareTo(switched) >= 0 && from.compareTo(switched) <= 0
                ? null
                : "the segments from " + end.to() + " of timeline " + end.timeline() + " up to " + from
                        + " of timeline " + history.timeline() + " were not pushed";
    }
}
