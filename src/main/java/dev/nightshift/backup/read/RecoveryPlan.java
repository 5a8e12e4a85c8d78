package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which backup a recovery starts from, and the log that it replays. Whether a time, a transaction or a name is in that log is
 * known when it has been read.
 *
 * @param segments from the one that holds the backup's start on, as far as they follow each other without a gap
 * @param end the first byte that is not stored of that log
 * @param exact whether that is known to be its end; else it is what the backup holds at least, and zeros may follow
 * @param gap what is missing where more is stored behind it; null if there is nothing more
 * @param covered by the source's clock: all that it had acknowledged by then is in this log; null where that is not known
 */
public record RecoveryPlan(
        Candidate backup,
        RecoveryTarget.Point point,
        TimelineHistory history,
        int segmentBytes,
        List<Segment> segments,
        Lsn end,
        boolean exact,
        @Nullable Gap gap,
        @Nullable Instant covered) {
    public RecoveryPlan {
        segments = List.copyOf(segments);
    }

    /**
     * A backup that recovery could start from.
     *
     * @param start of the log that it needs
     * @param stop it is consistent from here on
     * @param expected recovery of its own log comes to here at least
     * @param whole its own log lacks nothing up to here; its last segment may be padded with zeros behind it
     */
    public record Candidate(
            UUID backup,
            String systemIdentifier,
            int timeline,
            Lsn start,
            Lsn stop,
            Lsn expected,
            Lsn whole,
            Instant finishedAt) {
        public Candidate {
            // As people are shown it: who asks for the time that they read gets that backup
            finishedAt = finishedAt.truncatedTo(ChronoUnit.MILLIS);
        }

        /** As its manifest says. */
        public static Candidate of(Manifest manifest) {
            Manifest.Position position = manifest.position();
            return new Candidate(
                    manifest.backup(),
                    manifest.source().systemIdentifier(),
                    manifest.source().timeline(),
                    position.start(),
                    position.stop(),
                    position.expected(),
                    position.refusal() == null ? position.logEnd() : position.expected(),
                    manifest.finishedAt());
        }
    }

    /**
     * One file of the log.
     *
     * @param timeline in its name
     * @param start its first byte
     * @param bytes that are stored of it
     * @param archived whether to take it from the archive; else it is the backup's own
     */
    public record Segment(int timeline, Lsn start, int bytes, boolean archived) {
        /** As the server names it. */
        public String name(int segmentBytes) {
            return start.segmentName(timeline, segmentBytes);
        }
    }

    /** Log that is missing; {@code to} is the first byte that is there again. */
    public record Gap(Lsn from, Lsn to) {}

    /** What can be planned, or why not. */
    public sealed interface Outcome {}

    /** It can. */
    public record Planned(RecoveryPlan plan) implements Outcome {}

    /**
     * It cannot.
     *
     * @param reason in a sentence
     * @param remedy what to do
     */
    public record Refused(Why why, String reason, String remedy) implements Outcome {}

    /** Why not. */
    public enum Why {
        NO_BACKUP,
        BEFORE_THE_FIRST_BACKUP,
        BEYOND_THE_STORED_LOG,
        GAP,
        NO_SUCH_TIMELINE,
        /** The catalogue counts log as stored that its store does not list. */
        NOT_LISTED
    }

    /** The first file that another plan goes on by and this one lacks, or has less of; empty if it has all of that one. */
    public Optional<Segment> lackingOf(RecoveryPlan other) {
        return other.segments.stream()
                .filter(segment -> bytesOf(segment) < segment.bytes())
                .findFirst();
    }

    /** That this plan has of a file. */
    public int bytesOf(Segment file) {
        return segments.stream()
                .filter(segment ->
                        segment.timeline() == file.timeline() && segment.start().equals(file.start()))
                .mapToInt(Segment::bytes)
                .findFirst()
                .orElse(0);
    }

    /** What is needed of the archive, as far as that is known before it is read: up to the position, else all there is. */
    public List<Segment> archived() {
        return segments.stream()
                .filter(Segment::archived)
                .filter(segment -> !(point instanceof RecoveryTarget.Position position)
                        || segment.start().compareTo(position.at()) <= 0)
                .toList();
    }

    /** Of {@link #archived}. */
    public long archivedBytes() {
        return archived().stream().mapToLong(Segment::bytes).sum();
    }

    /** Up to where every byte has to be there; null where zeros may follow. */
    @Nullable
    Lsn stored() {
        return exact ? end : null;
    }

    /** Whether no transaction that the source had acknowledged by this time, of its clock, can lie behind the log. */
    public boolean covers(Instant time) {
        return covered != null && !time.isAfter(covered);
    }

    /**
     * Whether this time is the one that the backup is shown with as its own end: who asks for that means the backup, whatever
     * was committed while it was being finished.
     */
    public boolean isOwnEnd(Instant time) {
        return !time.isAfter(backup.finishedAt());
    }

    /**
     * The refusal of a time that is not known to lie within this log.
     *
     * @param lastTransaction when the last one in the log ended; null if that is not known
     */
    public Refused storedOnly(RecoveryTarget.Time time, @Nullable Instant lastTransaction) {
        Instant known = Stream.of(backup.finishedAt(), covered, lastTransaction)
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder())
                .orElseThrow();
        String words = "The log of timeline " + history.timeline() + " is stored only up to " + known
                + ", and nobody knows what the source committed between that and " + time.words();
        return gap == null
                ? new Refused(
                        Why.BEYOND_THE_STORED_LOG,
                        words + ".",
                        "Wait until more of it is stored, or choose an earlier time, or the latest that is stored.")
                : new Refused(
                        Why.GAP,
                        words + ": from " + gap.from() + " to " + gap.to() + " it is missing.",
                        "Choose a time before that, or after the next backup.");
    }

    /** No more of the log than up to this position, which need not be the end of a record. */
    public RecoveryPlan upTo(Lsn position) {
        List<Segment> before = segments.stream()
                .filter(segment -> segment.start().compareTo(position) < 0)
                .toList();
        if (before.size() == segments.size() || before.isEmpty()) {
            return this;
        }
        Segment last = before.get(before.size() - 1);
        return new RecoveryPlan(
                backup, point, history, segmentBytes, before, last.start().plus(last.bytes()), true, null, null);
    }
}
