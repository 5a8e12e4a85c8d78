package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.LogWalk.TablespaceCreated;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is made of a walk over the log. */
class RecoveryTest {
    private static final int SEGMENT = 1 << 20;
    private static final Instant FINISHED = Instant.parse("2026-01-01T01:00:00Z");
    private static final Instant LAST = FINISHED.plusSeconds(60);
    private static final ArchivedLog NONE = ArchivedLog.none(SEGMENT);

    private static RecoveryPlan plan(RecoveryTarget.Point point, @Nullable Instant covered) {
        Lsn start = Lsn.parse("0/200028");
        Lsn end = Lsn.parse("0/480000");
        var backup = new RecoveryPlan.Candidate(
                new UUID(0, 1), "7310", 1, start, start.plus(1024), start.plus(2048), end, FINISHED);
        return new RecoveryPlan(backup, point, TimelineHistory.of(1), SEGMENT, List.of(), end, true, null, covered);
    }

    /** To the end, or to what was looked for. */
    private static LogWalk walk(boolean found, TablespaceCreated... tablespaces) {
        return new LogWalk(
                Lsn.parse("0/480000"),
                Lsn.parse("0/47FF00"),
                Lsn.parse("0/480000"),
                100,
                "",
                found ? LogWalk.Ended.TARGET : LogWalk.Ended.END_OF_LOG,
                new LogWalk.Times(LAST, LAST, null, LAST),
                List.of(tablespaces));
    }

    private static RecoveryEnd endOf(Instant time, @Nullable Instant covered) {
        return new Recovery(plan(new RecoveryTarget.Time(time), covered), NONE).end(walk(false));
    }

    @Test
    void aTimeIsReachedAtTheEndOnlyWhereAllOfBeforeIsStored() {
        var end = new RecoveryTarget.Position(Lsn.parse("0/47FF00"));
        assertEquals(end, endOf(LAST, null).target());
        assertEquals(end, endOf(LAST.plusSeconds(9), LAST.plusSeconds(9)).target());
        Failure.Fatal refused = assertThrows(Failure.Fatal.class, () -> endOf(LAST.plusSeconds(9), null));
        assertTrue(refused.getMessage().contains("is stored only up to " + LAST), refused::getMessage);
        assertThrows(Failure.Fatal.class, () -> endOf(LAST.plusSeconds(9), LAST.plusSeconds(8)));
    }

    @Test
    void theMomentAtWhichABackupWasFinishedIsItsOwnEnd() {
        RecoveryPlan plan = plan(new RecoveryTarget.Time(FINISHED), null);
        LogWalk walk = new LogWalk(
                Lsn.parse("0/480000"),
                Lsn.parse("0/47FF00"),
                Lsn.parse("0/480000"),
                1,
                "",
                LogWalk.Ended.END_OF_LOG,
                new LogWalk.Times(null, null, null, null),
                List.of());
        String note = String.valueOf(new Recovery(plan, NONE).end(walk).note());
        assertTrue(note.contains("while the backup was being finished"), note);
    }

    @Test
    void tablespacesBehindTheBackupsOwnLogAreRefusedUnlessTheyAreAccepted() {
        var point = new RecoveryTarget.Named("there");
        var own = new TablespaceCreated("16500", "/srv/own", Lsn.parse("0/200800"));
        var inside = new TablespaceCreated("16501", "", Lsn.parse("0/300000"));
        var later = new TablespaceCreated("16502", "/srv/later", Lsn.parse("0/300000"));
        Recovery recovery = new Recovery(plan(point, null), NONE);
        Recovery strict = recovery.withoutTablespaces();
        assertEquals(point, recovery.end(walk(true, later)).target());
        assertEquals(point, strict.end(walk(true, own, inside)).target());
        Failure.Fatal refused = assertThrows(Failure.Fatal.class, () -> strict.end(walk(true, own, later)));
        assertTrue(
                refused.getMessage().contains("/srv/later")
                        && !refused.getMessage().contains("/srv/own")
                        && String.valueOf(refused.remedy()).contains("acceptTablespaces"),
                refused::getMessage);
    }
}
