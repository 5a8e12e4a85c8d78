package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a walk over the stored log found.
 *
 * @param reached the end of the last record of the unbroken chain, or of the last that recovery replays before it stops
 * @param last where that record begins
 * @param read up to here the log was looked at: what recovery needs of it
 * @param records replayed
 * @param end why the walk ended there, in words that go on after "because"
 * @param ended how
 * @param times of commits and aborts
 * @param tablespaces created within the log: a recovery would make these folders, on whichever machine it runs
 */
public record LogWalk(
        Lsn reached,
        Lsn last,
        Lsn read,
        long records,
        String end,
        Ended ended,
        Times times,
        List<TablespaceCreated> tablespaces) {
    public LogWalk {
        tablespaces = List.copyOf(tablespaces);
    }

    /** How a walk ends. */
    public enum Ended {
        /** At what was looked for. */
        TARGET,
        /** Where no more is stored. */
        END_OF_LOG,
        /** At something that does not belong there although more is stored. */
        BROKEN
    }

    /**
     * When transactions ended, by the source's clock; null where none did.
     *
     * @param first of all that the walk saw
     * @param replayed the last one replayed
     * @param before the last one replayed before the last record
     * @param seen the last one, if only by the record that recovery stops before
     */
    public record Times(
            @Nullable Instant first,
            @Nullable Instant replayed,
            @Nullable Instant before,
            @Nullable Instant seen) {}

    /** Whether the target was found. */
    public boolean found() {
        return ended == Ended.TARGET;
    }

    /** Tablespaces beside the data folder, by their paths on the source. */
    public List<TablespaceCreated> outside() {
        return tablespaces.stream()
                .filter(tablespace -> tablespace.path().startsWith("/"))
                .toList();
    }

    /**
     * CREATE TABLESPACE, as it stands in the log.
     *
     * @param path absolute on the source; empty for one inside the data folder
     */
    public record TablespaceCreated(String oid, String path, Lsn position) {}
}
