package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.backup.wal.LogFile;
import dev.nightshift.postgres.ArchiverStatus;
import dev.nightshift.postgres.LogPosition;
import dev.nightshift.postgres.Lsn;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PushedLookTest {
    private static final Instant NOW = Instant.parse("2026-11-30T00:00:00Z");
    private static final ArchiverStatus NOTHING = new ArchiverStatus(true, null, null, null, null);

    /** Segment 2 is written to its end. */
    private static LogPosition on(int timeline, boolean standby, @Nullable String system) {
        return on(timeline, standby, system, NOTHING);
    }

    private static LogPosition on(int timeline, boolean standby, @Nullable String system, ArchiverStatus archiver) {
        return new LogPosition(NOW, new Lsn(0x3000000), standby, null, timeline, system, 16 << 20, archiver);
    }

    private static LogFile segment(int timeline, int number) {
        return LogFile.parse(name(timeline, number));
    }

    private static String name(int timeline, int number) {
        return new Lsn((long) number << 24).segmentName(timeline, 16 << 20);
    }

    @Test
    void aTimelineAfterThatOfAPrimaryIsACopys() {
        assertTrue(PushedLook.isBelow(on(1, false, "7"), "7", 2));
        assertTrue(PushedLook.isBelow(on(1, false, null), "7", 2), "the role may not ask whose it is");
        assertFalse(PushedLook.isBelow(on(2, false, "7"), "7", 2), "it was promoted itself");
        assertFalse(PushedLook.isBelow(on(1, true, "7"), "7", 2), "another one was promoted");
        assertFalse(PushedLook.isBelow(on(1, false, "8"), "7", 2), "another cluster's");
    }

    @Test
    void whatAServerSaidCountsForAMinuteAndThatItDidNotAnswerForThreeTimesAsLongAsThatTook() {
        long second = Duration.ofSeconds(1).toNanos();
        var said = new PushedLook.Answer(on(1, false, "7"), 0, second);
        assertTrue(said.isFresh(60 * second));
        assertFalse(said.isFresh(61 * second));
        var away = new PushedLook.Answer(null, 0, 2 * second);
        assertTrue(away.isFresh(7 * second));
        assertFalse(away.isFresh(8 * second));
    }

    @Test
    void aQuestionThatWasGivenUpTakesNoAnswerBackThatCameMeanwhile() {
        var said = new PushedLook.Answer(on(1, false, "7"), 5, 6);
        var asked = new PushedLook.Answer(null, 0, 10);
        assertSame(said, said.or(asked));
        assertSame(said, asked.or(said));
        var later = new PushedLook.Answer(null, 7, 17);
        assertSame(later, said.or(later));
    }

    @Test
    void aPrimaryHasAllThatItPushed() {
        assertTrue(PushedLook.isSetBack(on(1, false, "7"), new Lsn(0x4000000)));
        assertFalse(PushedLook.isSetBack(on(1, false, "7"), new Lsn(0x3000000)));
        assertFalse(PushedLook.isSetBack(on(1, true, "7"), new Lsn(0x4000000)));
    }

    @Test
    void whatAServerHasNotWrittenOrHasArchivedIsPushedByAnother() {
        ArchiverStatus behind = new ArchiverStatus(true, name(1, 2), NOW, null, null);
        ArchiverStatus before = new ArchiverStatus(true, name(1, 1), NOW, null, null);
        ArchiverStatus off = new ArchiverStatus(false, null, null, null, null);
        assertTrue(PushedLook.isAnothers(on(1, false, "7"), "7", segment(1, 3)), "not written");
        assertTrue(PushedLook.isAnothers(on(1, false, "7"), "7", segment(2, 2)), "of a timeline to come");
        assertTrue(PushedLook.isAnothers(on(1, false, "7", behind), "7", segment(1, 2)), "archived");
        assertTrue(PushedLook.isAnothers(on(1, false, "7", off), "7", segment(1, 2)), "it archives nothing");

        assertFalse(PushedLook.isAnothers(on(1, false, "7", before), "7", segment(1, 2)), "the next one");
        assertFalse(PushedLook.isAnothers(on(1, false, "7"), "7", segment(1, 2)), "not known");
        assertFalse(PushedLook.isAnothers(on(2, false, "7", behind), "7", segment(2, 2)), "of another timeline");
        assertFalse(PushedLook.isAnothers(on(1, true, "7", behind), "7", segment(1, 2)), "its primary may push");
        ArchiverStatus tries = new ArchiverStatus(true, name(1, 2), NOW.minusSeconds(60), name(1, 2), NOW);
        assertFalse(PushedLook.isAnothers(on(1, false, "7", tries), "7", segment(1, 2)), "it says that it tries");
        assertFalse(PushedLook.isAnothers(on(1, false, null, behind), "7", segment(1, 2)), "whose it is is hidden");
        assertFalse(PushedLook.isAnothers(on(1, false, "8", behind), "7", segment(1, 2)), "it answers for another");
    }

    @Test
    void aServerWithNothingThatWaitsIsFine() {
        ArchiveWal.Reached reached = new ArchiveWal.Reached(1, new Lsn(0x3000000));
        Instant before = NOW.minusSeconds(10);
        ArchiverStatus since = new ArchiverStatus(true, name(1, 2), NOW, name(1, 1), before);
        ArchiverStatus fails = new ArchiverStatus(true, name(1, 1), before, name(1, 2), NOW);
        ArchiverStatus gaveUp =
                new ArchiverStatus(true, name(1, 1), before, name(1, 2), NOW.minus(Duration.ofHours(1)));
        ArchiverStatus elsewhere = new ArchiverStatus(true, name(1, 3), NOW, null, null);
        assertTrue(PushedLook.isSettled(on(1, false, "7", since), NOW, reached));
        assertTrue(PushedLook.isSettled(on(1, false, "7"), NOW, reached), "it never failed");
        assertTrue(PushedLook.isSettled(on(1, false, "7", gaveUp), NOW, reached), "it does not try any more");
        ArchiverStatus backedUp = new ArchiverStatus(true, name(1, 2) + ".00000028.backup", NOW, null, null);
        assertTrue(PushedLook.isSettled(on(1, false, "7", backedUp), NOW, reached), "a backup's was the last");
        assertFalse(PushedLook.isSettled(on(1, false, "7", fails), NOW, reached));
        assertFalse(PushedLook.isSettled(on(1, true, "7", since), NOW, reached), "a standby's is not its primary's");
        assertFalse(PushedLook.isSettled(on(1, false, "7", elsewhere), NOW, reached), "what it archived is not here");
    }

    @Test
    void aSegmentThatIsNewIsOneThatTheServerHasWritten() {
        assertTrue(PushedLook.isUnwritten(on(1, false, "7"), "7", segment(1, 3)));
        assertFalse(PushedLook.isUnwritten(on(1, false, "7"), "7", segment(1, 2)), "to its end");
        assertFalse(PushedLook.isUnwritten(on(2, false, "7"), "7", segment(1, 3)), "of a timeline that it left");
        assertFalse(PushedLook.isUnwritten(on(1, true, "7"), "7", segment(1, 3)), "its primary has");
        assertFalse(PushedLook.isUnwritten(on(1, false, "8"), "7", segment(1, 3)), "another one answers");
        assertFalse(
                PushedLook.isUnwritten(on(1, false, "7"), "7", LogFile.parse(name(1, 3) + ".partial")),
                "of a timeline that was left");
    }

    @Test
    void whatTheArchiveHasBeforeTheServersArchiverPushedItMayBeAnothers() {
        ArchiveWal.Reached reached = new ArchiveWal.Reached(1, new Lsn(0x3000000));
        ArchiverStatus before = new ArchiverStatus(true, name(1, 1), NOW, null, null);
        ArchiverStatus there = new ArchiverStatus(true, name(1, 2), NOW, null, null);
        ArchiverStatus off = new ArchiverStatus(false, name(1, 1), NOW, null, null);
        ArchiverStatus backedUp = new ArchiverStatus(true, name(1, 1) + ".00000028.backup", NOW, null, null);
        assertTrue(PushedLook.isAhead(reached, on(1, false, "7", before)));
        assertFalse(PushedLook.isAhead(reached, on(1, false, "7", there)));
        assertFalse(PushedLook.isAhead(reached, on(1, false, "7")), "not known");
        assertFalse(PushedLook.isAhead(reached, on(1, false, "7", backedUp)), "not known");
        assertFalse(PushedLook.isAhead(reached, on(1, false, "7", off)), "not known");
        assertFalse(PushedLook.isAhead(reached, on(1, true, "7", before)), "its primary has its own archiver");
    }

    @Test
    void theServersOwnArchiverSettlesWhatWasInDoubt() {
        Lsn from = new Lsn(0x2000000);
        Instant before = NOW.minusSeconds(10);
        ArchiverStatus past = new ArchiverStatus(true, name(1, 2), NOW, name(1, 2), before);
        ArchiverStatus tries = new ArchiverStatus(true, name(1, 3), before, name(1, 2), NOW);
        ArchiverStatus left = new ArchiverStatus(true, name(2, 2), NOW, name(1, 2) + ".partial", before);
        ArchiverStatus history = new ArchiverStatus(true, "00000003.history", NOW, name(1, 2) + ".partial", before);
        ArchiverStatus label = new ArchiverStatus(true, name(1, 1) + ".00000028.backup", NOW, name(1, 2), before);
        assertTrue(PushedLook.isItsOwn(on(1, false, "7", past), "7", 1, from));
        assertTrue(PushedLook.isItsOwn(on(2, false, "7", left), "7", 1, from), "what was left of a timeline");
        assertFalse(PushedLook.isItsOwn(on(1, false, "7", tries), "7", 1, from), "it tries it again");
        assertFalse(PushedLook.isItsOwn(on(2, false, "7", history), "7", 1, from), "histories go before");
        assertFalse(PushedLook.isItsOwn(on(1, false, "7", label), "7", 1, from), "what came later goes before");
        assertFalse(PushedLook.isItsOwn(on(1, false, "7"), "7", 1, from), "not known");
        assertFalse(PushedLook.isItsOwn(on(1, true, "7", past), "7", 1, from), "a standby's");
        assertFalse(PushedLook.isItsOwn(on(1, false, "8", past), "7", 1, from), "another one's");
    }
}
