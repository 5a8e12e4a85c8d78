package dev.nightshift.backup.read;

import static dev.nightshift.backup.read.PlannerCases.LATEST;
import static dev.nightshift.backup.read.PlannerCases.THREE;
import static dev.nightshift.backup.read.PlannerCases.at;
import static dev.nightshift.backup.read.PlannerCases.backup;
import static dev.nightshift.backup.read.PlannerCases.chosen;
import static dev.nightshift.backup.read.PlannerCases.gap;
import static dev.nightshift.backup.read.PlannerCases.plan;
import static dev.nightshift.backup.read.PlannerCases.refused;
import static dev.nightshift.backup.read.PlannerCases.segments;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.read.PlannerCases.Archive;
import dev.nightshift.backup.read.RecoveryPlan.Candidate;
import dev.nightshift.backup.read.RecoveryPlan.Why;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Where a log has several timelines: which one is followed, and what of the others counts. */
class RecoveryPlannerTimelinesTest {
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
