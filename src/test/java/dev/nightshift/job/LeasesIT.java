package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import jakarta.inject.Inject;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who gets a server first, of those who keep apart from each other. */
@ArquillianTest
class LeasesIT {
    @Inject
    private Leases leases;

    /** Not this one: its heartbeats give back what none of its targets has. */
    private final UUID node = UUID.randomUUID();

    private final UUID server = UUID.randomUUID();
    private final UUID vacuum = UUID.randomUUID();
    private final UUID backup = UUID.randomUUID();

    @BeforeEach
    void join() {
        leases.beat(node, "of-leases", Version.current(), false, Vitals.now());
    }

    @AfterEach
    void leave() {
        leases.left(node);
    }

    private Leases.Wanted vacuum(UUID database) {
        return new Leases.Wanted("database:" + database + ":vacuum", server, "vacuum", Set.of("backup"));
    }

    private Leases.Answer backup() {
        return leases.acquire(
                new Leases.Wanted("instance:" + server + ":backup", server, "backup", Set.of()), node, backup);
    }

    private Leases.Answer vacuum() {
        return leases.acquire(vacuum(server), node, vacuum);
    }

    private void giveBack(String resource, Leases.Answer answer) {
        leases.release(resource, Objects.requireNonNull(answer.fence()));
    }

    /** The answer to the taking was lost: asking again must not wait for those who wait for it. */
    @Test
    void whoHasItAndAsksAgainHasItStill() {
        assertNotNull(vacuum().fence());
        assertEquals(new Leases.Blocker(vacuum, false), backup().blocker());
        Leases.Answer again = vacuum();
        assertNotNull(again.fence(), again::toString);
        giveBack(vacuum(server).resource(), again);
        giveBack("instance:" + server + ":backup", backup());
    }

    @Test
    void whoAskedFirstIsFirstAndWhoLeavesLetsTheNextOne() {
        Leases.Answer first = vacuum();
        assertEquals(new Leases.Blocker(vacuum, false), backup().blocker());
        UUID late = UUID.randomUUID();
        // Another database of the server: it could begin beside the first, but for the backup that asked before it
        assertEquals(
                new Leases.Blocker(backup, true),
                leases.acquire(vacuum(late), node, late).blocker());
        giveBack(vacuum(server).resource(), first);
        assertEquals(
                new Leases.Blocker(backup, true),
                leases.acquire(vacuum(late), node, late).blocker());
        leases.leaveQueue(node, backup);
        Leases.Answer had = leases.acquire(vacuum(late), node, late);
        assertNotNull(had.fence(), had::toString);
        assertEquals(new Leases.Blocker(late, false), backup().blocker());
        giveBack(vacuum(late).resource(), had);
        giveBack("instance:" + server + ":backup", backup());
    }
}
