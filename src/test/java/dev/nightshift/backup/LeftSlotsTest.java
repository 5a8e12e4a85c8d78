package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.LeftSlots.Fate;
import dev.nightshift.backup.LeftSlots.Owner;
import dev.nightshift.finding.Severity;
import dev.nightshift.postgres.LastingSlot;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class LeftSlotsTest {
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
    private static final Owner QUIET = new Owner(true, false, NOW.minus(Duration.ofHours(1)));

    @Test
    void nobodyDropsWhatAnInstallationMayStillNeed() {
        assertEquals(Fate.REPORT, fate(false, Owner.UNKNOWN));
        assertEquals(Fate.REPORT, fate(false, new Owner(true, false, null)));
        assertEquals(Fate.LEAVE, fate(true, Owner.UNKNOWN), "somebody streams");
        assertEquals(Fate.LEAVE, fate(true, QUIET), "somebody streams");
        assertEquals(Fate.LEAVE, fate(false, new Owner(true, true, null)), "the server or a node is just away");
    }

    @Test
    void whatAnInstanceHereIsDoneWithIsDroppedAfterAWhile() {
        assertEquals(Fate.DROP, fate(false, QUIET));
        assertEquals(Fate.LEAVE, fate(false, new Owner(true, false, NOW.minus(Duration.ofMinutes(1)))));
    }

    @Test
    void muchLogIsCritical() {
        assertEquals(Severity.WARNING, severity("reserved", 100L));
        assertEquals(Severity.CRITICAL, severity("extended", 101L));
        assertEquals(Severity.CRITICAL, severity("unreserved", 1L));
        assertEquals(Severity.WARNING, LeftSlots.severity(new LastingSlot("s", false, "lost", null), 100));
    }

    private static Severity severity(String status, long bytes) {
        return LeftSlots.severity(new LastingSlot("s", false, status, bytes), 100);
    }

    private static Fate fate(boolean active, Owner owner) {
        return LeftSlots.fate(new LastingSlot("s", active, "reserved", 1L), owner, NOW);
    }
}
