package dev.nightshift.backup.stored;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.ProjectId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class StoreLeasesTest {
    private static final UUID BACKUP = UUID.fromString("01937c1e-0000-7000-8000-000000000001");
    private static final UUID OTHER = UUID.fromString("01937c1e-0000-7000-8000-000000000002");
    private static final Duration CLOCKS = Duration.ofMinutes(5);

    private final MemoryStore store = new MemoryStore();
    private Instant now = Instant.parse("2026-12-01T03:00:00Z");
    private final ProjectId project = new ProjectId(UUID.fromString("01937c1e-0000-7000-8000-000000000009"));
    private final StoreLeases leases = new StoreLeases(store, project, () -> now);

    private StoreLeases.Lease read() {
        return leases.take(BACKUP, StoreLeases.Use.READ, "run 7");
    }

    @Test
    void isSeenByWhoeverOpensTheSameStore() {
        StoreLeases.Lease taken = read();
        StoreLeases elsewhere = new StoreLeases(store, project, () -> now.minusSeconds(200));
        assertEquals(List.of(taken), elsewhere.live());
        assertEquals("run 7, until 2026-12-01T03:35:00Z", elsewhere.words(taken));
        leases.giveBack(taken);
        assertEquals(List.of(), elsewhere.live());
        assertTrue(store.objects.isEmpty());
    }

    @Test
    void isOfOneProject() {
        read();
        assertEquals(List.of(), new StoreLeases(store, new ProjectId(OTHER), () -> now).live());
    }

    @Test
    void endsByItselfAndNotBeforeTheClocksAgree() {
        StoreLeases.Lease taken = read();
        now = taken.until().plus(CLOCKS).minusSeconds(1);
        assertEquals(List.of(taken), leases.live());
        now = taken.until().plus(CLOCKS);
        assertEquals(List.of(), leases.live());
        leases.removeLeft();
        assertFalse(store.objects.isEmpty(), "it ended just now");
        now = now.plus(Duration.ofDays(1));
        leases.removeLeft();
        assertTrue(store.objects.isEmpty());
    }

    @Test
    void oneThatEndsTooLateKeepsNothing() {
        read();
        now = now.minus(CLOCKS).minusSeconds(1);
        assertEquals(List.of(), leases.live(), "by a clock that runs ahead, or by somebody who wants nothing deleted");
        now = now.plusSeconds(1);
        assertEquals(1, leases.live().size());
    }

    @Test
    void isRenewedInOnePlaceAndNotOnceItIsGone() {
        StoreLeases.Lease first = read();
        now = now.plusSeconds(600);
        StoreLeases.Lease next = leases.renew(first, "run 7").orElseThrow();
        assertEquals(List.of(next), leases.live());
        assertEquals(first.until().plusSeconds(600), next.until());
        leases.giveBack(next);
        assertTrue(leases.renew(next, "run 7").isEmpty());
        assertTrue(store.objects.isEmpty(), "nothing is written where a store was taken away");
    }

    @Test
    void oneThatTheStoreDoesNotLetGoEndsByItself() {
        store.locked = name -> true;
        StoreLeases.Lease taken = read();
        leases.giveBack(taken);
        assertEquals(List.of(taken), leases.live());
        now = taken.until().plus(CLOCKS);
        assertEquals(List.of(), leases.live());
    }

    @Test
    void whatSomebodyElsePutThereIsPassedOver() {
        StoreLeases.Lease taken = read();
        String folder = taken.name().substring(0, taken.name().lastIndexOf('/') + 1);
        for (String name : List.of(
                "README",
                BACKUP + ".read.1796094000",
                BACKUP + ".eat.1796094000." + OTHER,
                "------------------------------------.read.1796094000." + OTHER,
                BACKUP + ".read.999999999999." + OTHER,
                "deeper/" + BACKUP + ".read.1796094000." + OTHER)) {
            store.objects.put(folder + name, new byte[0]);
        }
        assertEquals(List.of(taken), leases.live());
        now = now.plus(Duration.ofDays(3));
        leases.removeLeft();
        assertEquals(6, store.objects.size(), "it is not ours to delete");
    }

    /** Both write before they look: in whatever order the four steps come, one at least sees the other. */
    @Test
    void ofOneThatReadsAndOneThatDeletesOneSeesTheOther() {
        for (String order : List.of("rRdD", "rdRD", "rdDR", "drRD", "drDR", "dDrR")) {
            store.objects.clear();
            boolean seen = false;
            for (int at = 0; at < order.length(); at++) {
                switch (order.charAt(at)) {
                    case 'r' -> read();
                    case 'd' -> leases.take(BACKUP, StoreLeases.Use.DELETE, "run 8");
                    case 'R' -> seen |= sees(StoreLeases.Use.DELETE);
                    default -> seen |= sees(StoreLeases.Use.READ);
                }
            }
            assertTrue(seen, order);
        }
    }

    private boolean sees(StoreLeases.Use use) {
        return leases.live().stream()
                .anyMatch(each -> each.use() == use && each.backup().equals(BACKUP));
    }

    @Test
    void wordsAreCutAndShowOnOneLine() {
        StoreLeases.Lease taken = leases.take(BACKUP, StoreLeases.Use.READ, "line\r\n" + "x".repeat(1000));
        String words = leases.words(taken);
        assertTrue(words.startsWith("line  xxx") && words.length() < 450, words);
        store.objects.clear();
        assertEquals("another Nightshift, until 2026-12-01T03:35:00Z", leases.words(taken));
    }
}
