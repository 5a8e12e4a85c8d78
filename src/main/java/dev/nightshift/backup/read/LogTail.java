package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.postgres.Lsn;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** When the last transaction of a plan's log ended, by a look at its last segments only. */
final class LogTail {
    private static final int PAGE = 8192;
    private static final int FIRST_HEADER = 40;
    private static final int HEADER = 24;
    private static final int CONTINUES = 0x0001;

    /** An idle server writes a commit now and then: what is older than that is looked up by nobody. */
    private static final int SEGMENTS = 3;

    private final Recovery recovery;
    private final Manifest manifest;
    private final Recovery.Opener opener;

    LogTail(Recovery recovery, Manifest manifest, Recovery.Opener opener) {
        this.recovery = recovery;
        this.manifest = manifest;
        this.opener = opener;
    }

    /** Empty if there is none in the last few segments, or they cannot be read from the middle. */
    Optional<Instant> lastTransaction() throws IOException {
        RecoveryPlan plan = recovery.plan();
        List<RecoveryPlan.Segment> segments = plan.segments();
        for (int from = segments.size() - 1; from >= Math.max(0, segments.size() - SEGMENTS); from--) {
            Optional<Instant> last = walk(plan, segments.subList(from, segments.size()));
            if (last.isPresent()) {
                return last;
            }
        }
        return Optional.empty();
    }

    private Optional<Instant> walk(RecoveryPlan plan, List<RecoveryPlan.Segment> segments) throws IOException {
        Lsn first = segments.get(0).start();
        RecoveryPlan tail = new RecoveryPlan(
                plan.backup(),
                plan.point(),
                plan.history(),
                plan.segmentBytes(),
                segments,
                plan.end(),
                plan.exact(),
                plan.gap(),
                plan.covered());
        try (InputStream in = new BufferedInputStream(new SegmentStream(tail, opener), PAGE)) {
            byte[] page = in.readNBytes(PAGE);
            if (page.length < PAGE) {
                return Optional.empty();
            }
            Lsn start =
                    first.compareTo(plan.backup().start()) <= 0 ? plan.backup().start() : firstRecord(first, page);
            LogWalk walk = new LogWalker(
                            new SequenceInputStream(new ByteArrayInputStream(page), in),
                            manifest.source().systemIdentifier(),
                            plan.history(),
                            plan.segmentBytes(),
                            start,
                            plan.stored(),
                            null)
                    .walk();
            return Optional.ofNullable(walk.times().replayed());
        }
    }

    /** Behind what continues from the segment before, which may be longer than the segment. */
    private static Lsn firstRecord(Lsn segment, byte[] page) {
        ByteBuffer fields = ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
        if ((fields.getShort(2) & CONTINUES) == 0) {
            return segment.plus(FIRST_HEADER);
        }
        long rest = Integer.toUnsignedLong(fields.getInt(16)) + 7 & ~7L;
        long at = FIRST_HEADER;
        long room = PAGE - FIRST_HEADER;
        while (rest > room) {
            rest -= room;
            at += room + HEADER;
            room = PAGE - HEADER;
        }
        return segment.plus(at + rest);
    }
}
