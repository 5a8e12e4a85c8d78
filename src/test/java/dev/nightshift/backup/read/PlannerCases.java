package dev.nightshift.backup.read;

import dev.nightshift.backup.read.RecoveryPlan.Candidate;
import dev.nightshift.backup.read.RecoveryPlan.Gap;
import dev.nightshift.backup.read.RecoveryPlan.Planned;
import dev.nightshift.backup.read.RecoveryPlan.Refused;
import dev.nightshift.postgres.Lsn;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Logs, backups and targets for {@link RecoveryPlanner}. Segments have 1 MiB: position 0/300000 is the first byte of segment 3. */
final class PlannerCases {
    private PlannerCases() {}

    static final int SEGMENT = 1 << 20;
    static final Instant DAY = Instant.parse("2026-01-01T00:00:00Z");

    /** The histories of timelines that branched off twice. */
    static final Map<Integer, String> THREE = Map.of(
            2, "1\t0/380000\tno recovery target specified\n",
            3, "1\t0/380000\tno recovery target specified\n\n2\t0/500000\tafter transaction 7\n");

    static Lsn at(String text) {
        return Lsn.parse(text);
    }

    /** An archive of these stretches: {@code "1 0/300000 0/500000"}. */
    record Archive(
            List<Stretch> stretches,
            Map<Integer, String> histories,
            @Nullable Instant moment) implements ArchivedLog {
        static Archive of(Map<Integer, String> histories, String... stretches) {
            return new Archive(
                    Stream.of(stretches)
                            .map(each -> each.split(" "))
                            .map(each -> new Stretch(Integer.parseInt(each[0]), at(each[1]), at(each[2])))
                            .toList(),
                    histories,
                    null);
        }

        static Archive of(String... stretches) {
            return of(Map.of(), stretches);
        }

        @Override
        public int segmentBytes() {
            return SEGMENT;
        }

        @Override
        public Set<Integer> timelinesWithHistory() {
            return histories.keySet();
        }

        @Override
        public Optional<String> history(int timeline) {
            return Optional.ofNullable(histories.get(timeline));
        }

        @Override
        public Optional<Instant> covered(int timeline, Lsn end) {
            return Optional.ofNullable(moment);
        }

        @Override
        public InputStream open(int timeline, Lsn start) {
            throw new AssertionError("A plan reads no log.");
        }
    }

    /** Starts at its position, is consistent 1 KiB later, and ends 2 KiB later in a segment that is padded, or switched. */
    static Candidate backup(int number, int timeline, String start, boolean switched) {
        Lsn from = at(start);
        Lsn expected = from.plus(2048);
        return new Candidate(
                new UUID(0, number),
                "7310",
                timeline,
                from,
                from.plus(1024),
                expected,
                switched ? expected.segmentEnd(SEGMENT) : expected,
                DAY.plusSeconds(3600L * number));
    }

    static RecoveryTarget to(RecoveryTarget.Point point) {
        return new RecoveryTarget(point, null);
    }

    static RecoveryTarget lsn(String position) {
        return to(new RecoveryTarget.Position(at(position)));
    }

    static RecoveryTarget hour(double hours) {
        return to(new RecoveryTarget.Time(DAY.plusSeconds((long) (3600 * hours))));
    }

    static final RecoveryTarget LATEST = to(new RecoveryTarget.Latest());

    static RecoveryPlan plan(ArchivedLog archive, RecoveryTarget target, Candidate... backups) {
        var outcome = new RecoveryPlanner(List.of(backups), archive).plan(target);
        if (outcome instanceof Planned planned) {
            return planned.plan();
        }
        throw new AssertionError(outcome);
    }

    static Refused refused(ArchivedLog archive, RecoveryTarget target, Candidate... backups) {
        var outcome = new RecoveryPlanner(List.of(backups), archive).plan(target);
        if (outcome instanceof Refused refused) {
            return refused;
        }
        throw new AssertionError(outcome);
    }

    /** {@code "own 1/2 archive 1/3"}: where each segment comes from, its timeline and number. */
    static String segments(RecoveryPlan plan) {
        return String.join(
                " ",
                plan.segments().stream()
                        .map(each -> (each.archived() ? "archive " : "own ") + each.timeline() + "/"
                                + each.start().value() / SEGMENT)
                        .toList());
    }

    static int chosen(RecoveryPlan plan) {
        return (int) plan.backup().backup().getLeastSignificantBits();
    }

    static @Nullable Gap gap(String from, String to) {
        return new Gap(at(from), at(to));
    }
}
