package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/** Targets that this node takes from the queue, of runs that other nodes have. */
@ApplicationScoped
class GuestTargets {
    private static final System.Logger LOG = System.getLogger(GuestTargets.class.getName());

    /**
     * The queue cannot be told to pass over a node that drains or has no master key. It is slow to refuse, so that the others take the most of
     * what waits.
     */
    private static final Duration REFUSAL = Duration.ofSeconds(10);

    @Inject
    private Node node;

    @Inject
    private LocalTargets local;

    @Inject
    private Leases leases;

    @Inject
    private SpreadLedger ledger;

    @Inject
    private Keyring keyring;

    @Inject
    private JobConfig config;

    private Set<Leases.Guest> suspects = Set.of();

    /**
     * False if this node is to take no target of another node's run: it drains, goes down, or has no master key yet. The target then waits until its
     * run's node fetches it back.
     */
    boolean admits(UUID attempt) {
        if (local.handedOver()) {
            return false;
        }
        long until = System.nanoTime() + REFUSAL.toNanos();
        while (!local.knows(attempt) && (node.draining() || keyless())) {
            if (node.leaving() || System.nanoTime() > until) {
                return false;
            }
            try {
                Thread.sleep(200);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    /** Its targets would fail in no time, so that it took most of them, though others could do them. */
    private boolean keyless() {
        try {
            keyring.check();
            return false;
        } catch (Failure e) {
            return true;
        }
    }

    /**
     * With each heartbeat: gives back what this node is said to work on and does not, because its end could not be written for
     * too long. Seen twice, so that one that was taken just now does not count.
     */
    void look() {
        if (!config.messaging() || node.leaving()) {
            return;
        }
        var missing = new HashSet<Leases.Guest>(leases.guestsOf(node.id()));
        missing.removeIf(guest -> local.worksOn(guest.target()));
        for (Leases.Guest guest : missing) {
            if (suspects.contains(guest)) {
                LOG.log(System.Logger.Level.ERROR, "Nothing works on target {0} any more", guest.target());
                ledger.giveBack(guest, node.id());
            }
        }
        suspects = missing;
    }
}
