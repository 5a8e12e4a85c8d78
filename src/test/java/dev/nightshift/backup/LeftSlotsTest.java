package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.LeftSlots.Owner;
import dev.nightshift.finding.Severity;
import dev.nightshift.postgres.LastingSlot;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LeftSlotsTest {
    private static final Owner ARCHIVES = new Owner(true, true);

    @Test
    void whatNobodyStreamsFromOrArchivesIsLeft() {
        assertTrue(left(false, Owner.UNKNOWN));
        assertTrue(left(false, new Owner(true, false)), "its instance is done with it");
        assertFalse(left(true, Owner.UNKNOWN), "somebody streams");
        assertFalse(left(false, ARCHIVES), "the server or a node is just away");
    }

    @Test
    void onAMemberThatIsNotThePrimaryOneThatIsMovedAlongIsNotLeft() {
        assertTrue(leftBehind(false, 1L, Owner.UNKNOWN));
        assertTrue(leftBehind(false, null, new Owner(true, false)));
        assertFalse(leftBehind(true, 1_000L, Owner.UNKNOWN), "somebody streams");
        assertFalse(leftBehind(false, 10L, ARCHIVES), "it keeps little");
        assertFalse(leftBehind(false, null, ARCHIVES), "it keeps nothing");
        assertTrue(leftBehind(false, 11L, ARCHIVES), "it is of the time when its server was the primary");
    }

    private static boolean leftBehind(boolean active, @Nullable Long bytes, Owner owner) {
        return LeftSlots.isLeftBehind(new LastingSlot("s", active, "reserved", bytes), owner, 100);
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

    private static boolean left(boolean active, Owner owner) {
        return LeftSlots.isLeft(new LastingSlot("s", active, "reserved", 1L), owner);
    }
}
