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

    /** Whether it has archived this segment of a timeline, or a later one of the same. */
    public boolean isBehind(String segment) {
        return archived != null
                && archived.length() == SEGMENT_NAME
                && archived.regionMatches(0, segment, 0, TIMELINE_DIGITS)
                && archived.compareTo(segment) >= 0;
    }
}
