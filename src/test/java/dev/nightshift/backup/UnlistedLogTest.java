package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.ArchivedLog.Stretch;
import dev.nightshift.postgres.Lsn;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a store's listing lacks of what the catalogue counts as stored: {@code "1 0/2000000 0/5000000"}. */
class UnlistedLogTest {
    private static List<ArchivedLog.Stretch> log(String... stretches) {
        return Stream.of(stretches)
                .map(each -> each.split(" "))
                .map(each -> new Stretch(Integer.parseInt(each[0]), Lsn.parse(each[1]), Lsn.parse(each[2])))
                .toList();
    }

    @Test
    void whatIsListedWholeLacksNothing() {
        assertEquals(List.of(), UnlistedLog.of(log("1 0/2000000 0/5000000"), log("1 0/2000000 0/5000000")));
        assertEquals(List.of(), UnlistedLog.of(log("1 0/2000000 0/2000000"), log()), "begun, and nothing stored yet");
        assertEquals(
                List.of(),
                UnlistedLog.of(log("1 0/3000000 0/5000000"), log("1 0/2000000 0/9000000")),
                "stored while it was listed, and expired but not deleted");
    }

    @Test
    void whatIsMissingIsNamedPieceByPiece() {
        assertEquals(
                log("1 0/4000000 0/5000000", "1 0/6000000 0/7000000", "1 0/8000000 0/9000000", "2 0/8000000 0/A000000"),
                UnlistedLog.of(
                        log("2 0/8000000 0/A000000", "1 0/8000000 0/9000000", "1 0/2000000 0/7000000"),
                        log("1 0/5000000 0/6000000", "1 0/2000000 0/4000000", "3 0/2000000 0/F000000")));
    }

    @Test
    void whatExpiredMeanwhileIsNotMissing() {
        assertEquals(
                log("1 0/4000000 0/6000000"),
                UnlistedLog.both(log("1 0/2000000 0/6000000", "2 0/6000000 0/7000000"), log("1 0/4000000 0/8000000")));
    }

    @Test
    void whatAnotherCopyHoldsIsNotMissing() {
        List<UnlistedLog> left = UnlistedLog.without(
                List.of(
                        new UnlistedLog("nas", log("1 0/2000000 0/5000000").get(0)),
                        new UnlistedLog("s3", log("1 0/6000000 0/7000000").get(0))),
                log("1 0/1000000 0/4000000", "1 0/6000000 0/8000000"));
        assertEquals(List.of(new UnlistedLog("nas", log("1 0/4000000 0/5000000").get(0))), left);
    }

    @Test
    void aLaterTimelineIsMissedThoughNothingOfItIsListed() {
        var later = new UnlistedLog("nas", log("2 0/6000000 0/7000000").get(0));
        var held = new ArchivedLogs.Held(
                ArchivedLog.said(1 << 20, log("1 0/2000000 0/6000000")),
                List.of("nas"),
                List.of(),
                null,
                List.of(later));
        assertEquals(2, PointRecovery.laterWithoutHistory(held.asCatalogued(), 1));
        assertNull(PointRecovery.laterWithoutHistory(held.asCatalogued(), 2));
        assertNull(PointRecovery.laterWithoutHistory(held.log(), 1));
    }

    @Test
    void whatNoBackupNeedsIsNotToldOf() {
        var old = new UnlistedLog("nas", log("1 0/2000000 0/4000000").get(0));
        var needed = new UnlistedLog("nas", log("1 0/6000000 0/7000000").get(0));
        var held =
                new ArchivedLogs.Held(ArchivedLog.none(1 << 20), List.of("nas"), List.of(), null, List.of(old, needed));
        ArchivedLogs.Held from = held.from(Lsn.parse("0/5000000"));
        assertEquals(List.of(needed), from.unlisted());
        assertEquals(needed.words(), from.lacks());
        assertEquals(log("1 0/6000000 0/7000000"), from.asCatalogued().stretches());
        assertNull(held.from(Lsn.parse("0/8000000")).lacks());
        assertTrue(needed.words().contains("from 0/6000000 to 0/7000000 of timeline 1"), needed::words);
    }
}
