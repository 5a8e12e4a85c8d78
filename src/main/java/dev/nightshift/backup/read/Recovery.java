package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a restore replays beyond its backup's own log.
 *
 * @param archive that the plan was made from
 * @param tablespaces whether the log behind the backup's own may create any: the server that replays it makes their folders by
 *     the paths on the source, and overwrites what it finds there
 */
public record Recovery(RecoveryPlan plan, ArchivedLog archive, boolean tablespaces) {
    /** For a server that cannot reach the source's folders. */
    public Recovery(RecoveryPlan plan, ArchivedLog archive) {
        this(plan, archive, true);
    }

    /** The same, for a server that might. */
    public Recovery withoutTablespaces() {
        return new Recovery(plan, archive, false);
    }

    /** Opens the file that a segment is read from. */
    interface Opener {
        InputStream open(RecoveryPlan.Segment segment) throws IOException;
    }

    /** An archived segment, as many bytes as were planned of it. */
    InputStream open(RecoveryPlan.Segment segment) throws IOException {
        String name = segment.name(plan.segmentBytes());
        try {
            return new Exactly(archive.open(segment.timeline(), segment.start()), segment.bytes(), name);
        } catch (DamageException e) {
            throw new DamageException("The archived segment " + name + ": " + e.getMessage(), e);
        }
    }

    /** Reads the log record by record until recovery would stop. */
    LogWalk walk(Manifest manifest, Opener opener) throws IOException {
        try (InputStream in = new SegmentStream(plan, opener)) {
            return new LogWalker(
                            in,
                            manifest.source().systemIdentifier(),
                            plan.history(),
                            plan.segmentBytes(),
                            plan.backup().start(),
                            plan.stored(),
                            plan.point())
                    .walk();
        }
    }

    /**
     * Where the server will come by this log.
     *
     * @throws Failure.Fatal if that is not the target, saying why: it is not there, or log is missing or damaged; or if it
     *     creates tablespaces on the way that it must not
     */
    public RecoveryEnd end(LogWalk walk) {
        RecoveryPlan.Candidate backup = plan.backup();
        String what =
                "Recovery of backup " + backup.backup() + " to " + plan.point().words() + " is not possible: ";
        if (walk.ended() == LogWalk.Ended.BROKEN && plan.exact()) {
            throw new Failure.Fatal(
                    what + "the log that is stored up to " + plan.end() + " can be read only up to " + walk.reached()
                            + ", because " + walk.end() + ".",
                    "Choose a point before that, or after a later backup.",
                    null);
        }
        if (walk.reached().compareTo(walk.found() ? backup.stop() : backup.expected()) < 0) {
            throw walk.found()
                    ? new Failure.Fatal(
                            what + "that is at " + walk.reached() + ", and the backup is consistent from "
                                    + backup.stop() + " on.",
                            "Choose an earlier backup.",
                            null)
                    : new Failure.Fatal(
                            what + "the log reaches only " + walk.reached() + " instead of " + backup.expected()
                                    + ", because " + walk.end() + ".",
                            "Use another backup, or another copy of this one.",
                            null);
        }
        refuseTablespaces(walk, what);
        if (walk.found()) {
            return new RecoveryEnd(walk, plan.point(), plan.history().at(walk.last()), null);
        }
        RecoveryPlan.Gap gap = plan.gap();
        if (plan.point() instanceof RecoveryTarget.Latest) {
            return atTheEnd(walk, gap == null ? null : before(gap));
        }
        if (plan.point() instanceof RecoveryTarget.Time time) {
            Instant last = walk.times().seen();
            boolean stored =
                    plan.covers(time.at()) || (last != null && !time.at().isAfter(last));
            if (stored || plan.isOwnEnd(time.at())) {
                return atTheEnd(walk, noLater(walk, time, stored));
            }
            RecoveryPlan.Refused refused = plan.storedOnly(time, last);
            throw new Failure.Fatal(what + refused.reason(), refused.remedy(), null);
        }
        throw new Failure.Fatal(
                what + "it is not in the log, which " + (gap == null ? "is stored" : "has no gap") + " up to "
                        + walk.reached() + lastTransaction(walk) + "."
                        + (gap == null ? "" : " From " + gap.from() + " to " + gap.to() + " log is missing."),
                gap == null
                        ? "Choose an earlier backup if the point lies before this one, or wait until more of the log is stored."
                        : "Choose a point before the gap, or after a later backup.",
                null);
    }

    private void refuseTablespaces(LogWalk walk, String what) {
        List<LogWalk.TablespaceCreated> created = walk.outside().stream()
                .filter(each -> each.position().compareTo(plan.backup().expected()) >= 0)
                .toList();
        if (!tablespaces && !created.isEmpty()) {
            throw new Failure.Fatal(
                    what
                            + "the log on the way creates tablespaces, and the restored server's first start would write into"
                            + " these folders by their paths on the source: "
                            + created.stream()
                                    .map(each -> each.path() + " (" + each.oid() + ", at " + each.position() + ")")
                                    .collect(Collectors.joining(", "))
                            + ".",
                    "Choose a point before that, or start from a backup that was taken after it. Only if the server will be"
                            + " started where these folders are not the source's, on another machine or in a container, say"
                            + " so with acceptTablespaces.",
                    null);
        }
    }

    private RecoveryEnd atTheEnd(LogWalk walk, @Nullable String note) {
        return new RecoveryEnd(
                walk, new RecoveryTarget.Position(walk.last()), plan.history().at(walk.last()), note);
    }

    private String noLater(LogWalk walk, RecoveryTarget.Time time, boolean stored) {
        return "No transaction that ended after " + time.words() + " is in the stored log" + lastTransaction(walk)
                + ": recovery goes to the end of it, " + walk.reached() + "."
                + (stored ? "" : " What was committed after that while the backup was being finished is not in it.");
    }

    private static String before(RecoveryPlan.Gap gap) {
        return "Recovery ends where the log from " + gap.from() + " to " + gap.to()
                + " is missing. What is stored behind that gap cannot be reached from this backup.";
    }

    private static String lastTransaction(LogWalk walk) {
        return walk.times().seen() == null
                ? ""
                : ", with the last transaction ended at " + walk.times().seen();
    }
}
