package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.RecoveryPlan.Candidate;
import dev.nightshift.backup.read.RecoveryPlan.Gap;
import dev.nightshift.backup.read.RecoveryPlan.Planned;
import dev.nightshift.backup.read.RecoveryPlan.Refused;
import dev.nightshift.backup.read.RecoveryPlan.Why;
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
import org.junit.jupiter.api.Test;

/** Segments have 1 MiB here: position 0/300000 is the first byte of segment 3. */
class RecoveryPlannerTest {
    private static final int SEGMENT = 1 << 20;
    private static final Instant DAY = Instant.parse("2026-01-01T00:00:00Z");

    private static Lsn at(String text) {
        return Lsn.parse(text);
    }

    /** An archive of these stretches: {@code "1 0/300000 0/500000"}. */
    private record Archive(
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
    private static Candidate backup(int number, int timeline, String start, boolean switched) {
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

    private static RecoveryTarget to(RecoveryTarget.Point point) {
        return new RecoveryTarget(point, null);
    }

    private static RecoveryTarget lsn(String position) {
        return to(new RecoveryTarget.Position(at(position)));
    }

    private static RecoveryTarget hour(double hours) {
        return to(new RecoveryTarget.Time(DAY.plusSeconds((long) (3600 * hours))));
    }

    private static final RecoveryTarget LATEST = to(new RecoveryTarget.Latest());

    private static RecoveryPlan plan(ArchivedLog archive, RecoveryTarget target, Candidate... backups) {
        var outcome = new RecoveryPlanner(List.of(backups), archive).plan(target);
        if (outcome instanceof Planned planned) {
            return planned.plan();
        }
        throw new AssertionError(outcome);
    }

    private static Refused refused(ArchivedLog archive, RecoveryTarget target, Candidate... backups) {
        var outcome = new RecoveryPlanner(List.of(backups), archive).plan(target);
        if (outcome instanceof Refused refused) {
            return refused;
        }
        throw new AssertionError(outcome);
    }

    /** {@code "own 1/2 archive 1/3"}: where each segment comes from, its timeline and number. */
    private static String segments(RecoveryPlan plan) {
        return String.join(
                " ",
                plan.segments().stream()
                        .map(each -> (each.archived() ? "archive " : "own ") + each.timeline() + "/"
                                + each.start().value() / SEGMENT)
                        .toList());
    }

    private static int chosen(RecoveryPlan plan) {
        return (int) plan.backup().backup().getLeastSignificantBits();
    }

    private static @Nullable Gap gap(String from, String to) {
        return new Gap(at(from), at(to));
    }

    @Test
    void theNewestBackupBeforeTheTargetIsChosen() {
        Archive archive = Archive.of("1 0/100000 0/900000");
        Candidate[] backups = {
            backup(3, 1, "0/600028", true), backup(1, 1, "0/200028", true), backup(2, 1, "0/400028", true)
        };
        assertEquals(3, chosen(plan(archive, LATEST, backups)));
        assertEquals(3, chosen(plan(archive, lsn("0/600428"), backups)));
        assertEquals(2, chosen(plan(archive, lsn("0/600427"), backups)));
        assertEquals(1, chosen(plan(archive, lsn("0/400427"), backups)));
        assertEquals(1, chosen(plan(archive, hour(1), backups)));
        assertEquals(1, chosen(plan(archive, hour(1.99), backups)));
        assertEquals(3, chosen(plan(archive, hour(40), backups)));
        assertEquals(3, chosen(plan(archive, to(new RecoveryTarget.Transaction(800)), backups)));
        assertEquals(
                Why.BEFORE_THE_FIRST_BACKUP,
                refused(archive, lsn("0/200427"), backups).why());
        Refused early = refused(archive, hour(0.5), backups);
        assertEquals(Why.BEFORE_THE_FIRST_BACKUP, early.why());
        assertTrue(
                early.reason().contains("0/200428") && early.reason().contains("2026-01-01T01:00:00Z"), early::reason);
    }

    @Test
    void withoutABackupNothingCanBeRecovered() {
        assertEquals(
                Why.NO_BACKUP,
                refused(Archive.of("1 0/100000 0/900000"), LATEST).why());
    }

    @Test
    void theArchiveTakesTheBackupsLastSegmentsPlaceWhereItHoldsAsMuch() {
        Candidate padded = backup(1, 1, "0/200028", false);
        assertEquals("own 1/2", segments(plan(Archive.of(), LATEST, padded)));
        assertEquals("archive 1/2 archive 1/3", segments(plan(Archive.of("1 0/200000 0/380000"), LATEST, padded)));
        RecoveryPlan exact = plan(Archive.of("1 0/200000 0/200828"), LATEST, padded);
        assertEquals("archive 1/2", segments(exact));
        assertEquals(at("0/200828"), exact.end());
        assertTrue(exact.exact());
        RecoveryPlan less = plan(Archive.of("1 0/200000 0/200820"), LATEST, padded);
        assertEquals("own 1/2", segments(less));
        assertEquals(at("0/200828"), less.end());
        assertFalse(less.exact());

        // A segment that the backup itself ended is worth as much as the archive's whole one only
        Candidate switched = backup(1, 1, "0/200028", true);
        assertEquals("own 1/2", segments(plan(Archive.of("1 0/200000 0/280000"), LATEST, switched)));
        assertEquals("archive 1/2", segments(plan(Archive.of("1 0/200000 0/300000"), LATEST, switched)));
    }

    @Test
    void whatComesBeforeTheLastSegmentIsTheBackupsOwn() {
        Candidate longer = new Candidate(
                new UUID(0, 1), "7310", 1, at("0/200028"), at("0/3FFFF8"), at("0/400100"), at("0/400100"), DAY);
        assertEquals("own 1/2 own 1/3 archive 1/4", segments(plan(Archive.of("1 0/100000 0/500000"), LATEST, longer)));
        assertEquals("own 1/2 own 1/3 own 1/4", segments(plan(Archive.of("1 0/100000 0/400000"), LATEST, longer)));
    }

    @Test
    void anArchiveThatBeginsAfterTheBackupsEndFollowsOnlyAWholeSegment() {
        Archive archive = Archive.of("1 0/300000 0/480000");
        RecoveryPlan whole = plan(archive, LATEST, backup(1, 1, "0/200028", true));
        assertEquals("own 1/2 archive 1/3 archive 1/4", segments(whole));
        assertEquals(at("0/480000"), whole.end());
        assertTrue(whole.exact());
        assertNull(whole.gap());
        assertEquals(2, whole.archived().size());
        assertEquals(SEGMENT + SEGMENT / 2, whole.archivedBytes());

        RecoveryPlan padded = plan(archive, LATEST, backup(1, 1, "0/200028", false));
        assertEquals("own 1/2", segments(padded));
        assertEquals(gap("0/200828", "0/300000"), padded.gap());
        assertEquals(
                Why.GAP,
                refused(archive, lsn("0/400000"), backup(1, 1, "0/200028", false))
                        .why());
        Archive later = Archive.of("1 0/500000 0/600000");
        assertEquals(
                gap("0/300000", "0/500000"),
                plan(later, LATEST, backup(1, 1, "0/200028", true)).gap());
    }

    @Test
    void aGapIsToldAndABackupBehindItLeadsOn() {
        Archive archive = Archive.of("1 0/200000 0/480000", "1 0/600000 0/900000");
        Candidate first = backup(1, 1, "0/200028", true);
        Refused inTheGap = refused(archive, lsn("0/500000"), first);
        assertEquals(Why.GAP, inTheGap.why());
        assertTrue(inTheGap.reason().contains("0/480000") && inTheGap.reason().contains("0/600000"), inTheGap::reason);
        assertEquals(Why.GAP, refused(archive, lsn("0/800000"), first).why());
        assertEquals(1, chosen(plan(archive, lsn("0/47FFFF"), first)));
        Candidate second = backup(2, 1, "0/700028", true);
        assertEquals(2, chosen(plan(archive, lsn("0/800000"), first, second)));
        assertEquals(Why.GAP, refused(archive, lsn("0/6FFFFF"), first, second).why());
        // A backup's log ends the gap too
        assertEquals(
                gap("0/480000", "0/700000"),
                plan(Archive.of("1 0/200000 0/480000"), hour(1.5), first, second)
                        .gap());
        var window = new RecoveryPlanner(List.of(second, first), archive).window(null);
        assertEquals(
                "0/200428-0/480000 0/700428-0/900000",
                String.join(
                        " ",
                        window.stream()
                                .map(each -> each.from() + "-" + each.to())
                                .toList()));
    }

    @Test
    void aBackupThatIsNamedIsStartedFromAndTheOthersStillTellAGap() {
        Archive archive = Archive.of("1 0/200000 0/480000");
        Candidate first = backup(1, 1, "0/200028", true);
        Candidate second = backup(2, 1, "0/700028", true);
        var planner = new RecoveryPlanner(List.of(first, second), archive);
        RecoveryPlan inTheGap = ((Planned) planner.plan(hour(1.5), first.backup())).plan();
        assertEquals(gap("0/480000", "0/700000"), inTheGap.gap());
        RecoveryPlan named = ((Planned) planner.plan(hour(40), first.backup())).plan();
        assertEquals(1, chosen(named));
        assertEquals(gap("0/480000", "0/700000"), named.gap());
        Refused behind = (Refused) planner.plan(lsn("0/700500"), first.backup());
        assertEquals(Why.GAP, behind.why());
        assertTrue(behind.reason().endsWith("backup " + first.backup() + " lies before it."), behind::reason);
        Refused early = (Refused) planner.plan(hour(1.5), second.backup());
        assertEquals(Why.BEFORE_THE_FIRST_BACKUP, early.why());
        assertTrue(early.reason().contains("the backup that was asked for"), early::reason);
    }

    @Test
    void aBackupThatIsNamedLeadsToNoTimelineButItsOwn() {
        Archive archive = Archive.of(THREE, "1 0/200000 0/600000", "2 0/300000 0/500000");
        Candidate early = backup(1, 1, "0/200028", true);
        Candidate late = backup(2, 1, "0/400028", true);
        var planner = new RecoveryPlanner(List.of(early, late), archive);
        assertEquals(
                2,
                ((Planned) planner.plan(LATEST, early.backup()))
                        .plan()
                        .history()
                        .timeline());
        assertEquals(
                1,
                ((Planned) planner.plan(LATEST, late.backup())).plan().history().timeline());
        Refused refused = (Refused) planner.plan(new RecoveryTarget(new RecoveryTarget.Latest(), 2), late.backup());
        assertEquals(Why.NO_BACKUP, refused.why());
        assertTrue(refused.reason().contains("Backup " + late.backup()), refused::reason);
    }

    @Test
    void aTimeIsCoveredByTheArchivesWordAlone() {
        Candidate first = backup(1, 1, "0/200028", true);
        Candidate second = backup(2, 1, "0/700028", true);
        Instant moment = DAY.plusSeconds(4500);
        ArchivedLog archive = new Archive(Archive.of("1 0/200000 0/480000").stretches(), Map.of(), moment);
        RecoveryPlan plan = plan(archive, hour(1.5), first);
        assertTrue(plan.covers(moment));
        assertFalse(plan.covers(moment.plusNanos(1)));
        assertTrue(plan.isOwnEnd(first.finishedAt()));
        assertFalse(plan.isOwnEnd(first.finishedAt().plusNanos(1000)));
        var time = new RecoveryTarget.Time(DAY.plusSeconds(5400));
        Refused refused = plan.storedOnly(time, null);
        assertEquals(Why.BEYOND_THE_STORED_LOG, refused.why());
        assertTrue(refused.reason().contains("is stored only up to " + moment), refused::reason);
        Refused later = plan.storedOnly(time, moment.plusSeconds(2));
        assertTrue(later.reason().contains("is stored only up to " + moment.plusSeconds(2)), later::reason);
        Refused gap = plan(archive, hour(1.5), first, second).storedOnly(time, null);
        assertEquals(Why.GAP, gap.why());
        assertTrue(gap.reason().contains("from 0/480000 to 0/700000"), gap::reason);

        // What a backup holds by itself says nothing of any moment
        RecoveryPlan own = plan(new Archive(List.of(), Map.of(), moment), hour(1.5), first);
        assertFalse(own.covers(first.finishedAt()));
        assertTrue(own.storedOnly(time, null).reason().contains("only up to " + first.finishedAt()));
    }

    @Test
    void beyondTheEndIsRefusedWithTheEnd() {
        Refused beyond = refused(Archive.of("1 0/200000 0/480000"), lsn("0/480000"), backup(1, 1, "0/200028", true));
        assertEquals(Why.BEYOND_THE_STORED_LOG, beyond.why());
        assertTrue(beyond.reason().contains("0/480000"), beyond::reason);
        assertEquals(
                Why.BEYOND_THE_STORED_LOG,
                refused(Archive.of(), lsn("0/300000"), backup(1, 1, "0/200028", true))
                        .why());
    }

    @Test
    void aPositionNeedsNoSegmentBehindIt() {
        RecoveryPlan plan = plan(Archive.of("1 0/200000 0/900000"), lsn("0/400010"), backup(1, 1, "0/200028", true));
        assertEquals(3, plan.archived().size());
        assertEquals(3L * SEGMENT, plan.archivedBytes());
    }

    @Test
    void overlappingBackupsAreOneRange() {
        var window = new RecoveryPlanner(
                        List.of(backup(1, 1, "0/200028", true), backup(2, 1, "0/300028", true)),
                        Archive.of("1 0/200000 0/500000"))
                .window(null);
        assertEquals(1, window.size());
        assertEquals(at("0/200428"), window.get(0).from());
        assertEquals(at("0/500000"), window.get(0).to());
    }

    @Test
    void aRangeIsCoveredByTheArchiveThatItEndsInAndByNoBackupsOwnLog() {
        Instant moment = DAY.plusSeconds(60);
        Archive archive = new Archive(Archive.of("1 0/200000 0/500000").stretches(), Map.of(), moment);
        Candidate first = backup(1, 1, "0/200028", true);
        var window = new RecoveryPlanner(List.of(first, backup(2, 1, "0/700028", true)), archive).window(null);
        assertEquals(2, window.size());
        assertEquals(moment, window.get(0).last().covered());
        assertNull(window.get(1).last().covered());
    }

    private static final Map<Integer, String> THREE = Map.of(
            2, "1\t0/380000\tno recovery target specified\n",
            3, "1\t0/380000\tno recovery target specified\n\n2\t0/500000\tafter transaction 7\n");

    @Test
    void theNewestTimelineThatIsReachedIsFollowed() {
        Archive archive = Archive.of(THREE, "1 0/200000 0/600000", "2 0/300000 0/500000", "3 0/500000 0/780000");
        Candidate backup = backup(1, 1, "0/200028", true);
        RecoveryPlan plan = plan(archive, LATEST, backup);
        assertEquals(3, plan.history().timeline());
        // The segment in which timeline 2 began is its own file; timeline 3 began at a segment's first byte
        assertEquals("archive 1/2 archive 2/3 archive 2/4 archive 3/5 archive 3/6 archive 3/7", segments(plan));
        assertEquals(at("0/780000"), plan.end());
        assertEquals(1, plan.history().at(at("0/37FFFF")));
        assertEquals(2, plan.history().at(at("0/380000")));
        assertEquals(3, plan.history().at(at("0/500000")));

        RecoveryPlan old = plan(archive, new RecoveryTarget(new RecoveryTarget.Latest(), 1), backup);
        assertEquals("archive 1/2 archive 1/3 archive 1/4 archive 1/5", segments(old));
        assertEquals(at("0/600000"), old.end());
        assertEquals(
                Why.NO_SUCH_TIMELINE,
                refused(archive, new RecoveryTarget(new RecoveryTarget.Latest(), 4), backup)
                        .why());
    }

    @Test
    void aTimelineThatIsNotReachedIsNotFollowedUnasked() {
        Archive archive = Archive.of(THREE, "1 0/200000 0/600000", "3 0/500000 0/780000");
        Candidate backup = backup(1, 1, "0/200028", true);
        assertEquals(1, plan(archive, LATEST, backup).history().timeline());
        // The first timeline's file holds what was before the switch, and no more counts of it
        RecoveryPlan asked = plan(archive, new RecoveryTarget(new RecoveryTarget.Latest(), 3), backup);
        assertEquals(at("0/380000"), asked.end());
        assertEquals(gap("0/380000", "0/500000"), asked.gap());
    }

    @Test
    void aBackupOfAnAbandonedPartIsNotOnTheWay() {
        Archive archive = Archive.of(THREE, "1 0/200000 0/600000", "2 0/300000 0/500000");
        Candidate early = backup(1, 1, "0/200028", true);
        Candidate late = backup(2, 1, "0/400028", true);
        assertEquals(1, chosen(plan(archive, LATEST, early, late)));
        assertEquals(2, plan(archive, LATEST, early, late).history().timeline());
        assertEquals(2, chosen(plan(archive, new RecoveryTarget(new RecoveryTarget.Latest(), 1), early, late)));
        assertEquals(
                Why.NO_BACKUP,
                refused(archive, new RecoveryTarget(new RecoveryTarget.Latest(), 2), late)
                        .why());
    }

    @Test
    void aBackupOfALaterTimelineNeedsNoHistory() {
        RecoveryPlan plan = plan(Archive.of(), LATEST, backup(1, 5, "0/200028", true), backup(2, 1, "0/100028", true));
        assertEquals(5, plan.history().timeline());
        assertEquals("own 5/2", segments(plan));
    }

    @Test
    void theOwnLogBehindAPromotionDoesNotCount() {
        // Promoted within the segment that the backup had switched away from, as a standby may that was behind
        Archive archive = Archive.of(Map.of(2, "1\t0/240000\treason\n"), "2 0/300000 0/380000");
        RecoveryPlan plan =
                plan(archive, new RecoveryTarget(new RecoveryTarget.Latest(), 2), backup(1, 1, "0/200028", true));
        assertEquals("own 1/2", segments(plan));
        assertEquals(at("0/240000"), plan.end());
        assertEquals(gap("0/240000", "0/300000"), plan.gap());
    }
}
