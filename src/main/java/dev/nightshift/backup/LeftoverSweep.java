package dev.nightshift.backup;

import dev.nightshift.job.Beat;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Removes what interrupted backups left in the store and no run will come back to: a run that goes on removes its own.
 */
@ApplicationScoped
class LeftoverSweep {
    private static final System.Logger LOG = System.getLogger(LeftoverSweep.class.getName());
    private static final Duration EVERY = Duration.ofMinutes(15);

    @Inject
    private Stores stores;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    private volatile Instant swept = Instant.EPOCH;

    void sweep(@Observes Beat beat) {
        Instant now = clock.now();
        if (swept.plus(EVERY).isAfter(now)) {
            return;
        }
        swept = now;
        try {
            // Asked for first: a backup that begins in between has a folder that is not in the list yet.
            Store store = stores.local();
            List<String> found = Leftovers.find(store, Set.of());
            Set<UUID> running = running();
            for (String folder : found) {
                if (running.stream().noneMatch(id -> folder.endsWith("/" + id))) {
                    store.deleteFolder(folder);
                    LOG.log(System.Logger.Level.INFO, "Removed {0}, which an interrupted backup had left", folder);
                }
            }
        } catch (Failure e) {
            LOG.log(System.Logger.Level.WARNING, "The store was not swept: {0}", e.getMessage());
        }
    }

    /** Backups that a run of any project is taking, or will find when it goes on. */
    private Set<UUID> running() {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement("select backup_id from backup.unfinished()");
                    var rows = query.executeQuery()) {
                var ids = new HashSet<UUID>();
                while (rows.next()) {
                    ids.add(rows.getObject(1, UUID.class));
                }
                return ids;
            }
        });
    }
}
