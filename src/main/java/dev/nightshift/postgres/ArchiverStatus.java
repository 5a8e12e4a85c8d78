package dev.nightshift.postgres;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a server's archiver has done since its statistics began, which a crash does anew. It takes a timeline's segments one after
 * the other, and tries one about once a minute until that is archived.
 *
 * @param on whether the server archives at all
 * @param archived the file that was archived last; null if none was
 * @param archivedAt when, by the server's clock
 * @param failed the file that could not be archived last; null if none was
 * @param failedAt when, by the server's clock
 */
public record ArchiverStatus(
        boolean on,
        @Nullable String archived,
        @Nullable Instant archivedAt,
        @Nullable String failed,
        @Nullable Instant failedAt) {
    private static final int SEGMENT_NAME = 24;
    private static final int TIMELINE_DIGITS = 8;
    private static final String HISTORY = ".history";

    /** Whether it has archived this segment of a timeline, or a later one of the same. */
    public boolean isBehind(String segment) {
        return archived != null
                && archived.length() == SEGMENT_NAME
                && archived.regionMatches(0, segment, 0, TIMELINE_DIGITS)
                && archived.compareTo(segment) >= 0;
    }

    /** Whether this is what it could not archive last, and nothing has been archived since. */
    public boolean tries(String file) {
        return file.equals(failed) && !hasSucceeded();
    }

    /**
     * Whether it has archived this segment, or the part of it before its timeline was left: it takes the first one by name, so of
     * what it could not archive it has, once it archives what comes behind. Histories alone go before.
     */
    public boolean isPast(String segment) {
        if (tries(segment)) {
            return false;
        }
        boolean overcome = failed != null
                && failed.startsWith(segment)
                && hasSucceeded()
                && archived != null
                && !archived.endsWith(HISTORY)
                && archived.compareTo(failed) >= 0;
        return overcome || isBehind(segment);
    }

    /** Whether it has archived anything since it failed. */
    private boolean hasSucceeded() {
        return archivedAt != null && (failedAt == null || archivedAt.isAfter(failedAt));
    }

    /** Whether what it archived last is a segment of this one's timeline from before it. */
    public boolean isBefore(String segment) {
        return archived != null
                && archived.length() == SEGMENT_NAME
                && archived.regionMatches(0, segment, 0, TIMELINE_DIGITS)
                && archived.compareTo(segment) < 0;
    }
}
