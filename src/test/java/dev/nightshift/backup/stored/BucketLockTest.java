package dev.nightshift.backup.stored;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class BucketLockTest {
    @Test
    void whatCanBeLiftedAtOnceIsNoLockAndWhatIsNotSaidIsBelieved() {
        assertTrue(new BucketLock("LOCKED", 30).isFor(30));
        assertFalse(new BucketLock("UNLOCKED", 29).isFor(30));
        assertFalse(BucketLock.NONE.isFor(1));
        assertFalse(BucketLock.HOLD.isFor(1));
        assertTrue(BucketLock.UNSAID.isFor(30));
        assertEquals("locks each object for 1 day, mode UNLOCKED", new BucketLock("UNLOCKED", 1).words());
        assertTrue(BucketLock.HOLD.words().startsWith("holds each object"));
        assertTrue(BucketLock.UNSAID.words().contains("neither for how long"));
    }

    @Test
    void whatKeepsAnObjectIsSaidInOnePhrase() {
        assertEquals(
                "locked until 2026-12-24T02:00:00Z", new Store.Lock(Instant.parse("2026-12-24T02:00:00.5Z")).words());
        assertEquals("locked by a legal hold", new Store.Lock(null).words());
        assertEquals("locked, and its service does not say until when", new Store.Lock(null, false).words());
    }
}
