package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.policy.Facts;
import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LogBehindTest {
    private static final Instant MOMENT = Instant.parse("2026-11-29T03:12:00Z");

    private static WalRepository.Stretch stretch(int timeline, String from, String to, @Nullable Instant coveredTo) {
        return new WalRepository.Stretch(timeline, Lsn.parse(from), Lsn.parse(to), 1, 1, MOMENT, coveredTo, null);
    }

    /** Of a backup of timeline 1 that recovers to 0/5000100. */
    private static Facts.Log behind(WalRepository.Stretch... stretches) {
        return LogBehind.of(List.of(stretches), 1, Lsn.parse("0/5000100"));
    }

    private static Facts.Log log(Facts.Reach reach, @Nullable Instant coveredTo) {
        return new Facts.Log(reach, coveredTo);
    }

    @Test
    void noStretchIsNoLog() {
        assertEquals(log(Facts.Reach.NONE, null), behind());
    }

    @Test
    void aStretchAroundTheBackupGoesOnToItsMoment() {
        assertEquals(log(Facts.Reach.GOES_ON, MOMENT), behind(stretch(1, "0/1000000", "0/9000000", MOMENT)));
    }

    @Test
    void oneThatBeginsBehindTheBackupLeavesAGap() {
        assertEquals(log(Facts.Reach.GAP, null), behind(stretch(1, "0/6000000", "0/9000000", MOMENT)));
    }

    @Test
    void aGapBehindTheBackupIsAGapToo() {
        assertEquals(
                log(Facts.Reach.GAP, null),
                behind(
                        stretch(1, "0/1000000", "0/6000000", MOMENT),
                        stretch(1, "0/7000000", "0/9000000", MOMENT.plusSeconds(60))));
    }

    @Test
    void aGapBeforeTheBackupIsNone() {
        assertEquals(
                log(Facts.Reach.GOES_ON, MOMENT.plusSeconds(60)),
                behind(
                        stretch(1, "0/4000000", "0/9000000", MOMENT.plusSeconds(60)),
                        stretch(1, "0/1000000", "0/2000000", MOMENT)));
    }

    @Test
    void archivesOfOneLogJoin() {
        assertEquals(
                log(Facts.Reach.GOES_ON, MOMENT.plusSeconds(60)),
                behind(
                        stretch(1, "0/8000000", "0/9000000", MOMENT.plusSeconds(60)),
                        stretch(1, "0/1000000", "0/8000010", MOMENT)));
    }

    @Test
    void logThatHasNotComePastTheBackupOrKnowsNoMomentIsBehind() {
        assertEquals(log(Facts.Reach.BEHIND, null), behind(stretch(1, "0/1000000", "0/5000000", MOMENT)));
        assertEquals(log(Facts.Reach.BEHIND, null), behind(stretch(1, "0/1000000", "0/9000000", null)));
    }

    @Test
    void logThatEndedBeforeTheBackupAndBeganAnewAfterItHasAGap() {
        assertEquals(
                log(Facts.Reach.GAP, null),
                behind(
                        stretch(1, "0/7000000", "0/9000000", MOMENT.plusSeconds(60)),
                        stretch(1, "0/1000000", "0/2000000", MOMENT)));
    }

    @Test
    void aTimelineThatBeginsInTheSegmentOfTheBackupMayHaveLeftBeforeIt() {
        assertEquals(
                log(Facts.Reach.GAP, null),
                behind(
                        stretch(2, "0/5000000", "0/9000000", MOMENT.plusSeconds(60)),
                        stretch(1, "0/1000000", "0/5000050", MOMENT)));
    }

    @Test
    void aBackupFromBeforeTheFirstLogSinceASetBackIsOfWhatMayHaveBeenUndone() {
        assertAll(
                () -> assertFalse(LogBehind.isOfThisHistory(List.of(), MOMENT)),
                () -> assertFalse(LogBehind.isOfThisHistory(List.of(MOMENT.plusSeconds(1)), MOMENT)),
                () -> assertTrue(LogBehind.isOfThisHistory(List.of(MOMENT), MOMENT)));
    }

    @Test
    void aPromotionBehindTheBackupIsFollowedAndOneBeforeItIsNot() {
        assertEquals(
                log(Facts.Reach.GOES_ON, MOMENT.plusSeconds(60)),
                behind(
                        stretch(2, "0/7000000", "0/9000000", MOMENT.plusSeconds(60)),
                        stretch(1, "0/1000000", "0/7000200", MOMENT)));
        assertEquals(log(Facts.Reach.GAP, null), behind(stretch(2, "0/4000000", "0/9000000", MOMENT.plusSeconds(60))));
    }
}
