package dev.nightshift.backup.read;

import dev.nightshift.backup.read.RecoveryPlan.Candidate;
import dev.nightshift.backup.read.RecoveryPlan.Gap;
import dev.nightshift.backup.read.RecoveryPlan.Outcome;
import dev.nightshift.backup.read.RecoveryPlan.Planned;
import dev.nightshift.backup.read.RecoveryPlan.Refused;
import dev.nightshift.backup.read.RecoveryPlan.Segment;
import dev.nightshift.backup.read.RecoveryPlan.Why;
import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Chooses the backup and the log for a recovery target, from what is stored of one cluster. Reads no log. */
public final class RecoveryPlanner {
    private static final String OTHER_POINT = "Choose another point, or another timeline.";

    private final List<Candidate> candidates;
    private final ArchivedLog archive;
    private final int segmentBytes;
    private final List<ArchivedLog.Stretch> stretches;
    private final Map<Integer, TimelineHistory> histories = new HashMap<>();

    /** @param candidates backups of one cluster, in any order */
    public RecoveryPlanner(List<Candidate> candidates, ArchivedLog archive) {
        this.candidates = candidates.stream()
                .sorted(Comparator.comparing(Candidate::stop))
                .toList();
        this.archive = archive;
        this.segmentBytes = archive.segmentBytes();
        this.stretches = archive.stretches();
        for (int timeline : timelines()) {
            histories.put(timeline, TimelineHistory.of(timeline, archive));
        }
    }

    /**
     * What of the log can be recovered to without a gap.
     *
     * @param from the stop position of the backup that it begins with
     * @param last the plan that comes to its end, which may begin with a later backup
     */
    public record Range(Candidate backup, Lsn from, RecoveryPlan last) {
        /** The first position that is not stored. */
        public Lsn to() {
            return last.end();
        }
    }

    /** Log from a backup on. */
    private record Coverage(List<Segment> segments, Lsn end, boolean exact) {}

    private Set<Integer> timelines() {
        Set<Integer> all = new TreeSet<>(Comparator.reverseOrder());
        candidates.forEach(candidate -> all.add(candidate.timeline()));
        stretches.forEach(stretch -> all.add(stretch.timeline()));
        return all;
    }

    /** Where to start and what to replay; the newest backup that lies before the target is the one to start from. */
    public Outcome plan(RecoveryTarget target) {
        return plan(target, null);
    }

    /**
     * The same from one backup. The others are no choice then, but what is stored with them still tells an end of the log from
     * a gap in it.
     *
     * @param only one of the candidates; null for the newest before the target
     */
    public Outcome plan(RecoveryTarget target, @Nullable UUID only) {
        if (candidates.isEmpty()) {
            return new Refused(Why.NO_BACKUP, "There is no backup to start from.", "Run a backup first.");
        }
        Integer wanted = target.timeline();
        if (wanted != null && !histories.containsKey(wanted)) {
            return new Refused(
                    Why.NO_SUCH_TIMELINE,
                    "Nothing is stored of timeline " + wanted + ".",
                    "Choose one of these: " + String.join(", ", names()) + ".");
        }
        TimelineHistory history = wanted == null ? newest(only) : history(wanted);
        List<Candidate> onTheWay = onTheWay(history, only);
        if (onTheWay.isEmpty()) {
            return new Refused(
                    Why.NO_BACKUP,
                    (only == null ? "No backup leads" : "Backup " + only + " does not lead") + " to timeline "
                            + history.timeline() + ".",
                    "Choose one of these: " + String.join(", ", names()) + ".");
        }
        Optional<Candidate> chosen = onTheWay.stream()
                .filter(candidate -> isBefore(candidate, target.point()))
                .reduce((older, newer) -> newer);
        if (chosen.isEmpty()) {
            Candidate first = onTheWay.get(0);
            return new Refused(
                    Why.BEFORE_THE_FIRST_BACKUP,
                    capital(target.point().words()) + " lies before the "
                            + (only == null ? "first backup that could lead there" : "backup that was asked for")
                            + ": backup " + first.backup() + " was finished at " + first.finishedAt()
                            + " and is consistent from "
                            + first.stop() + " on.",
                    OTHER_POINT);
        }
        RecoveryPlan plan = plan(chosen.get(), history, target.point());
        return target.point() instanceof RecoveryTarget.Position position
                        && position.at().compareTo(plan.end()) >= 0
                ? beyond(plan, position, only)
                : new Planned(plan);
    }

    /**
     * The same target from each backup before the one of this plan, newest first: what a transaction or a name is looked for
     * in.
     */
    public List<RecoveryPlan> earlier(RecoveryPlan plan) {
        List<RecoveryPlan> plans = new ArrayList<>();
        for (Candidate candidate : onTheWay(plan.history())) {
            if (candidate.stop().compareTo(plan.backup().stop()) < 0) {
                plans.add(0, plan(candidate, plan.history(), plan.point()));
            }
        }
        return plans;
    }

    private RecoveryPlan plan(Candidate backup, TimelineHistory history, RecoveryTarget.Point point) {
        Coverage coverage = coverage(backup, history);
        return new RecoveryPlan(
                backup,
                point,
                history,
                segmentBytes,
                coverage.segments(),
                coverage.end(),
                coverage.exact(),
                gap(coverage.end(), history),
                covered(coverage));
    }

    /** Only the archive is told of moments: what a backup's own log lacks is not known. */
    private @Nullable Instant covered(Coverage coverage) {
        Segment last = coverage.segments().isEmpty() ? null : lastOf(coverage.segments());
        return last != null && last.archived()
                ? archive.covered(last.timeline(), coverage.end()).orElse(null)
                : null;
    }

    private static Refused beyond(RecoveryPlan plan, RecoveryTarget.Position position, @Nullable UUID only) {
        Gap gap = plan.gap();
        return gap == null
                ? new Refused(
                        Why.BEYOND_THE_STORED_LOG,
                        capital(position.words()) + " lies beyond the log that is stored of timeline "
                                + plan.history().timeline() + ": it ends at " + plan.end() + ".",
                        "Wait until more of it is stored, or choose an earlier point.")
                : new Refused(
                        Why.GAP,
                        "The log from " + gap.from() + " to " + gap.to() + " is not stored, and "
                                + (only == null
                                        ? "no backup after it lies before " + position.words()
                                        : "backup " + only + " lies before it")
                                + ".",
                        "Choose a point before the gap, or after the next backup.");
    }

    /** The newest that the stored log of a backup comes to, or of this one. */
    private TimelineHistory newest(@Nullable UUID only) {
        for (int timeline : timelines()) {
            TimelineHistory history = history(timeline);
            Lsn from = history.parts().get(history.parts().size() - 1).from();
            for (Candidate candidate : onTheWay(history, only)) {
                if (candidate.timeline() == timeline
                        || coverage(candidate, history).end().compareTo(from) > 0) {
                    return history;
                }
            }
        }
        throw new IllegalStateException("A backup always leads to its own timeline.");
    }

    private TimelineHistory history(int timeline) {
        return histories.getOrDefault(timeline, TimelineHistory.of(timeline));
    }

    private List<String> names() {
        return timelines().stream().map(String::valueOf).sorted().toList();
    }

    private List<Candidate> onTheWay(TimelineHistory history) {
        return candidates.stream()
                .filter(candidate -> history.passes(candidate.timeline(), candidate.stop()))
                .toList();
    }

    private List<Candidate> onTheWay(TimelineHistory history, @Nullable UUID only) {
        return onTheWay(history).stream()
                .filter(candidate -> only == null || candidate.backup().equals(only))
                .toList();
    }

    private static boolean isBefore(Candidate candidate, RecoveryTarget.Point point) {
        if (point instanceof RecoveryTarget.Time time) {
            return !candidate.finishedAt().isAfter(time.at());
        }
        return !(point instanceof RecoveryTarget.Position position)
                || candidate.stop().compareTo(position.at()) <= 0;
    }

    /**
     * From the segment of the backup's start on as far as there is log without a gap. The backup's own last segment may be
     * padded: the archive's is taken where it holds as much.
     */
    private Coverage coverage(Candidate backup, TimelineHistory history) {
        List<Segment> segments = new ArrayList<>();
        Lsn last = backup.expected().segmentStart(segmentBytes);
        Lsn at = backup.start().segmentStart(segmentBytes);
        Lsn left = history.part(backup.timeline()).orElseThrow().to();
        Lsn whole = left.compareTo(backup.whole()) < 0 ? left : backup.whole();
        while (true) {
            int own = at.compareTo(whole) < 0 ? (int) Math.min(segmentBytes, whole.value() - at.value()) : 0;
            Segment piece = at.compareTo(last) < 0 ? null : archived(at, history);
            boolean archived = piece != null && piece.bytes() >= own;
            Segment next = archived ? piece : new Segment(backup.timeline(), at, own, false);
            if (next == null || next.bytes() == 0) {
                return new Coverage(
                        segments, at, !segments.isEmpty() && lastOf(segments).archived());
            }
            segments.add(next);
            at = at.plus(next.bytes());
            if (next.bytes() < segmentBytes) {
                return new Coverage(segments, at, archived);
            }
        }
    }

    private static Segment lastOf(List<Segment> segments) {
        return segments.get(segments.size() - 1);
    }

    /** What the archive holds of a segment, of the file that the server would take; null if nothing. */
    private @Nullable Segment archived(Lsn segment, TimelineHistory history) {
        for (TimelineHistory.Part part : history.files(segment, segmentBytes)) {
            Lsn to = storedTo(part.timeline(), segment);
            Lsn end = to.compareTo(part.to()) < 0 ? to : part.to();
            int bytes = (int) Math.min(segmentBytes, end.value() - segment.value());
            if (end.compareTo(segment) > 0) {
                return new Segment(part.timeline(), segment, bytes, true);
            }
        }
        return null;
    }

    private Lsn storedTo(int timeline, Lsn segment) {
        return stretches.stream()
                .filter(stretch -> stretch.timeline() == timeline
                        && stretch.from().compareTo(segment) <= 0
                        && segment.compareTo(stretch.to()) < 0)
                .map(ArchivedLog.Stretch::to)
                .findFirst()
                .orElse(Lsn.NONE);
    }

    /** What is missing from here to the next log that is stored of this history, in the archive or with a backup. */
    private @Nullable Gap gap(Lsn end, TimelineHistory history) {
        Lsn next = null;
        for (ArchivedLog.Stretch stretch : stretches) {
            TimelineHistory.Part part = history.part(stretch.timeline()).orElse(null);
            if (part != null
                    && stretch.from().compareTo(part.to()) < 0
                    && stretch.to().compareTo(part.from()) > 0) {
                next = nearer(next, end, stretch.from());
            }
        }
        for (Candidate candidate : onTheWay(history)) {
            next = nearer(next, end, candidate.start().segmentStart(segmentBytes));
        }
        return next == null ? null : new Gap(end, next);
    }

    private static @Nullable Lsn nearer(@Nullable Lsn next, Lsn end, Lsn other) {
        return other.compareTo(end) > 0 && (next == null || other.compareTo(next) < 0) ? other : next;
    }

    /**
     * All that can be recovered to, of one timeline's history, in order; between two ranges log is missing.
     *
     * @param timeline null for the newest that can be reached
     */
    public List<Range> window(@Nullable Integer timeline) {
        if (candidates.isEmpty()) {
            return List.of();
        }
        List<Range> ranges = new ArrayList<>();
        TimelineHistory history = timeline == null ? newest(null) : history(timeline);
        for (Candidate candidate : onTheWay(history)) {
            Range before = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
            RecoveryPlan plan = plan(candidate, history, new RecoveryTarget.Latest());
            if (before == null || before.to().compareTo(candidate.stop()) < 0) {
                ranges.add(new Range(candidate, candidate.stop(), plan));
            } else if (plan.end().compareTo(before.to()) >= 0) {
                ranges.set(ranges.size() - 1, new Range(before.backup(), before.from(), plan));
            }
        }
        return ranges;
    }

    private static String capital(String words) {
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }
}
