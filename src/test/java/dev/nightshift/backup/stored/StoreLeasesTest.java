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
    private static final UUID RUN = UUID.fromString("01937c1e-0000-7000-8000-000000000007");
    private static final String HAD = "the run " + RUN + " of the node ";
    private static final String UNTIL = " of another Nightshift, until 2026-12-01T05:05:00Z at most";
    private static final Duration CLOCKS = Duration.ofMinutes(5);

    private final MemoryStore store = new MemoryStore();
    private Instant now = Instant.parse("2026-12-01T03:00:00Z");
    private final ProjectId project = new ProjectId(UUID.fromString("01937c1e-0000-7000-8000-000000000009"));
    private final StoreLeases leases = new StoreLeases(store, project, () -> now);

    private StoreLeases.Lease read() {
        return leases.take(BACKUP, RUN, "one");
    }

    @Test
    void isSeenByWhoeverOpensTheSameStore() {
        StoreLeases.Lease taken = read();
        StoreLeases elsewhere = new StoreLeases(store, project, () -> now.minusSeconds(200));
        assertEquals(List.of(taken), elsewhere.live());
        assertEquals(HAD + "one" + UNTIL, elsewhere.words(taken));
        leases.giveBack(List.of(taken));
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
        StoreLeases.removeLeft(store, () -> now);
        assertFalse(store.objects.isEmpty(), "it ended just now");
        now = now.plus(Duration.ofDays(1));
        StoreLeases.removeLeft(store, () -> now);
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
        StoreLeases.Lease next = leases.renew(first, "one").orElseThrow();
        assertEquals(List.of(next), leases.live());
        assertEquals(first.until().plusSeconds(600), next.until());
        leases.giveBack(List.of(next));
        assertTrue(leases.renew(next, "one").isEmpty());
        assertTrue(store.objects.isEmpty(), "nothing is written where a store was taken away");
    }

    @Test
    void oneThatTheStoreDoesNotLetGoEndsByItself() {
        store.locked = name -> true;
        StoreLeases.Lease taken = read();
        leases.giveBack(List.of(taken));
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
                BACKUP + ".1796094000",
                BACKUP + ".1796094000." + RUN,
                "------------------------------------.1796094000." + RUN + "." + OTHER,
                BACKUP + ".99999999999." + RUN + "." + OTHER,
                BACKUP + ".999999999999." + RUN + "." + OTHER,
                "deeper/" + BACKUP + ".1796094000." + RUN + "." + OTHER)) {
            store.objects.put(folder + name, new byte[0]);
        }
        assertEquals(List.of(taken), leases.live());
        now = now.plus(Duration.ofDays(3));
        StoreLeases.removeLeft(store, () -> now);
        assertEquals(7, store.objects.size(), "it is not ours to delete");
    }

    @Test
    void aNodesNameIsCutAndShowsOnOneLine() {
        StoreLeases.Lease taken = leases.take(BACKUP, RUN, "line\r\n" + "x".repeat(1000));
        String words = leases.words(taken);
        assertTrue(words.startsWith(HAD + "line  xxx") && words.length() < 400, words);
        store.objects.clear();
        assertEquals("the run " + RUN + UNTIL, leases.words(taken));
    }
}
