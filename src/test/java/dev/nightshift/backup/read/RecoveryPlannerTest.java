package dev.nightshift.backup.read;

import static dev.nightshift.backup.read.PlannerCases.DAY;
import static dev.nightshift.backup.read.PlannerCases.LATEST;
import static dev.nightshift.backup.read.PlannerCases.SEGMENT;
import static dev.nightshift.backup.read.PlannerCases.THREE;
import static dev.nightshift.backup.read.PlannerCases.at;
import static dev.nightshift.backup.read.PlannerCases.backup;
import static dev.nightshift.backup.read.PlannerCases.chosen;
import static dev.nightshift.backup.read.PlannerCases.gap;
import static dev.nightshift.backup.read.PlannerCases.hour;
import static dev.nightshift.backup.read.PlannerCases.lsn;
import static dev.nightshift.backup.read.PlannerCases.plan;
import static dev.nightshift.backup.read.PlannerCases.refused;
import static dev.nightshift.backup.read.PlannerCases.segments;
import static dev.nightshift.backup.read.PlannerCases.to;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.PlannerCases.Archive;
import dev.nightshift.backup.read.RecoveryPlan.Candidate;
import dev.nightshift.backup.read.RecoveryPlan.Planned;
import dev.nightshift.backup.read.RecoveryPlan.Refused;
import dev.nightshift.backup.read.RecoveryPlan.Why;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Which backup, and which log, lead to a target on one timeline. */
class RecoveryPlannerTest {
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
    void theFirstFileIsNamedThatAShorterLogLacks() {
        Candidate padded = backup(1, 1, "0/200028", false);
        RecoveryPlan whole = plan(Archive.of("1 0/200000 0/580000"), LATEST, padded);
        assertEquals(Optional.empty(), whole.lackingOf(whole));
        RecoveryPlan shorter = plan(Archive.of("1 0/200000 0/400000"), LATEST, padded);
        assertEquals(
                "000000010000000000000004",
                shorter.lackingOf(whole).orElseThrow().name(SEGMENT));
        assertEquals(0, shorter.bytesOf(shorter.lackingOf(whole).orElseThrow()));
        assertEquals(Optional.empty(), whole.lackingOf(shorter));
        RecoveryPlan cut = plan(Archive.of("1 0/200000 0/540000"), LATEST, padded);
        assertEquals(0x40000, cut.bytesOf(cut.lackingOf(whole).orElseThrow()));
        RecoveryPlan own = plan(Archive.of(), LATEST, padded);
        assertEquals(
                "000000010000000000000002",
                own.lackingOf(whole).orElseThrow().name(SEGMENT),
                "the backup's own beginning of it is not all");
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
}
