package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What is stored of an instance's write-ahead log beside its backups, segment by segment as the server names them. */
public interface ArchivedLog {
    /**
     * Log that is stored without a gap.
     *
     * @param from a segment's first byte
     * @param to the first byte that is not stored; within a segment where its rest was not received yet, or never will be
     *     because the timeline ended there
     */
    record Stretch(int timeline, Lsn from, Lsn to) {}

    /** One that holds nothing. */
    static ArchivedLog none(int segmentBytes) {
        return said(segmentBytes, List.of());
    }

    /** One of which it is said what it holds, and nothing can be read. */
    static ArchivedLog said(int segmentBytes, List<Stretch> stretches) {
        List<Stretch> all = List.copyOf(stretches);
        return new ArchivedLog() {
            @Override
            public int segmentBytes() {
                return segmentBytes;
            }

            @Override
            public List<Stretch> stretches() {
                return all;
            }

            @Override
            public Set<Integer> timelinesWithHistory() {
                return Set.of();
            }

            @Override
            public Optional<String> history(int timeline) {
                return Optional.empty();
            }

            @Override
            public InputStream open(int timeline, Lsn start) {
                throw new IllegalArgumentException("Nothing of it can be read.");
            }
        };
    }

    /** Of a segment, in bytes. */
    int segmentBytes();

    /** Every stretch, sorted by timeline and position; two that touch are one. */
    List<Stretch> stretches();

    /** The timelines whose history files are stored, with and without log. */
    Set<Integer> timelinesWithHistory();

    /** A timeline's history file; empty if it is not stored, as that of timeline 1, which has none. */
    Optional<String> history(int timeline);

    /**
     * The newest moment, by the source's clock, of which it is known that all that the source had acknowledged by then lies
     * before this position, if the log up to there has no gap; empty if none is known.
     *
     * @param end the first byte that is not stored, of this timeline's log
     */
    default Optional<Instant> covered(int timeline, Lsn end) {
        return Optional.empty();
    }

    /**
     * What is stored of one segment: all of it, or its beginning.
     *
     * @param start its first byte
     * @throws IOException while it is read, a {@link dev.nightshift.backup.stored.DamageException} where it is not what was
     *     stored
     */
    InputStream open(int timeline, Lsn start) throws IOException;
}
