package dev.nightshift.backup.adopted;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A backup as its own tool tells of it.
 *
 * @param label the tool's name for it
 * @param parent the label of the one that it needs; null of a full one, or if the tool does not say
 * @param failed whether the tool calls it unfinished or faulty
 * @param startedAt null if the tool does not say
 * @param endedAt null while it is not over
 * @param sizeBytes of the server's files; null if the tool does not say
 * @param storedBytes that it takes in the repository; null if the tool does not say
 */
public record AdoptedBackup(
        String label,
        Kind kind,
        @Nullable String parent,
        boolean failed,
        @Nullable Instant startedAt,
        @Nullable Instant endedAt,
        @Nullable Long sizeBytes,
        @Nullable Long storedBytes) {
    /** What it holds. */
    public enum Kind {
        FULL,
        DIFFERENTIAL,
        INCREMENTAL
    }
}
