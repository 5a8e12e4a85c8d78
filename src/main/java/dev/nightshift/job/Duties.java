package dev.nightshift.job;

import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is done for as long as Nightshift runs, by one node at a time, apart from runs: a duty is a lease that the node's
 * heartbeats renew. Whoever has a duty has to look now and then whether it still does.
 */
@ApplicationScoped
public class Duties {
    @Inject
    private Leases leases;

    @Inject
    private Node node;

    @Inject
    private Transactions transactions;

    private final Map<String, Long> fences = new ConcurrentHashMap<>();

    /** Whether this node takes duties on, or hands over those that it has. */
    public boolean isTaking() {
        return !node.leaving() && !node.draining() && node.isSteady();
    }

    /**
     * The duties that some node has, of those whose names begin so, and whether it is this one.
     *
     * @throws Failure.Retryable if the repository does not answer
     */
    public Map<String, Boolean> held(String begin) {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement(
                    "select resource, node_id = ? from job.lease where starts_with(resource, ?) and until > now()")) {
                query.setObject(1, node.id());
                query.setString(2, begin);
                Map<String, Boolean> held = new HashMap<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        held.put(rows.getString(1), rows.getBoolean(2));
                    }
                }
                return held;
            }
        });
    }

    /** Takes a duty, unless another node has it. */
    public boolean take(String name) {
        Long fence =
                leases.acquire(Leases.Wanted.alone(name), node.id(), node.id()).fence();
        if (fence == null) {
            return false;
        }
        fences.put(name, fence);
        return true;
    }

    /** Gives a duty back, so that another node need not wait for its lease to lapse. */
    public void giveBack(String name) {
        Long fence = fences.remove(name);
        if (fence != null) {
            leases.release(name, fence);
        }
    }
}
