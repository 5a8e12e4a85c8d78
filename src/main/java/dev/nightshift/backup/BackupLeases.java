package dev.nightshift.backup;

import dev.nightshift.backup.stored.StoreLeases;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.Beat;
import dev.nightshift.job.Node;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps installations that know the same backups from deleting what another one reads. Within one the repository's leases do
 * that; these lie in the store.
 */
@ApplicationScoped
class BackupLeases {
    private static final System.Logger LOG = System.getLogger(BackupLeases.class.getName());

    /** Three tries before one ends. */
    private static final Duration RENEWED_AFTER = Duration.ofMinutes(10);

    private static final Duration PAUSE = Duration.ofMinutes(1);

    @Inject
    private Stores stores;

    @Inject
    private Clock clock;

    @Inject
    private Node node;

    private final Set<Held> held = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean renewing = new AtomicBoolean();

    /** What one piece of work has in one store. */
    final class Held implements AutoCloseable {
        private final TargetRun target;
        private final StoreLeases leases;
        private final List<StoreLeases.Lease> taken = new ArrayList<>();
        private Instant due;
        private boolean closed;

        private Held(TargetRun target, String store) {
            this.target = target;
            this.leases = new StoreLeases(stores.of(store), target.project(), clock);
            this.due = clock.now().plus(RENEWED_AFTER);
        }

        /** Names the use of what is only held. */
        void keep() {}

        private String words() {
            return "the run " + target.runId() + " of the node " + node.name();
        }

        private synchronized void take(Collection<UUID> backups, StoreLeases.Use use) {
            held.add(this);
            for (UUID backup : backups) {
                taken.add(leases.take(backup, use, words()));
            }
        }

        /** Of work that is to stop none is renewed: a thread that hangs must not keep a backup for ever. */
        private synchronized void renew() {
            if (closed || target.stopRequested() || clock.now().isBefore(due)) {
                return;
            }
            due = clock.now().plus(PAUSE);
            for (int at = 0; at < taken.size(); at++) {
                StoreLeases.Lease next = leases.renew(taken.get(at), words()).orElse(null);
                if (next == null) {
                    LOG.log(
                            Level.WARNING,
                            "The lease {0} is gone from its store",
                            taken.get(at).name());
                    taken.remove(at--);
                } else {
                    taken.set(at, next);
                }
            }
            due = clock.now().plus(RENEWED_AFTER);
        }

        @Override
        public synchronized void close() {
            closed = true;
            held.remove(this);
            taken.forEach(leases::giveBack);
            taken.clear();
        }
    }

    /**
     * Says in a store, until this try of a target's work ends, that it reads backups there. A store that takes no word of it is
     * read all the same: nobody's restore waits for that.
     *
     * @throws Failure.Retryable if one of them is being deleted there
     */
    void read(TargetRun target, String store, Collection<UUID> backups) {
        target.whenTryEnds(reading(target, store, backups));
    }

    /** As {@link #read}, until it is closed. */
    Held reading(TargetRun target, String store, Collection<UUID> backups) {
        Held mine = new Held(target, store);
        Optional<StoreLeases.Lease> deleting;
        try {
            mine.take(backups, StoreLeases.Use.READ);
            deleting = other(mine, backups, StoreLeases.Use.DELETE);
        } catch (Failure e) {
            target.warn("The store " + store + " takes no word of it that its backups are being read: " + e.getMessage()
                    + " Another installation of Nightshift would not see it.");
            return mine;
        }
        if (deleting.isPresent()) {
            mine.close();
            throw new Failure.Retryable(
                    "Backup " + deleting.get().backup() + " is being deleted from the store " + store + " by "
                            + mine.leases.words(deleting.get()) + ".",
                    "Read another backup, or this one from another store.",
                    null);
        }
        return mine;
    }

    /**
     * Deletes a backup from a store, unless it is being read there.
     *
     * @return who reads it, and to when that counts; empty if it was deleted
     * @throws Failure.Retryable if the store does not say who reads it
     */
    Optional<String> unlessRead(TargetRun target, String store, UUID backup, Runnable delete) {
        try (Held mine = new Held(target, store)) {
            try {
                mine.take(List.of(backup), StoreLeases.Use.DELETE);
            } catch (Failure e) {
                // A store that is full gets room by this alone
                LOG.log(Level.DEBUG, "No word of deletions in the store {0}: {1}", store, e.getMessage());
            }
            Optional<StoreLeases.Lease> reading = other(mine, List.of(backup), StoreLeases.Use.READ);
            if (reading.isEmpty()) {
                delete.run();
            }
            return reading.map(mine.leases::words);
        }
    }

    private static Optional<StoreLeases.Lease> other(Held mine, Collection<UUID> backups, StoreLeases.Use use) {
        return mine.leases.live().stream()
                .filter(each -> each.use() == use && backups.contains(each.backup()))
                .findFirst();
    }

    /** Of backups, those that are being read now, with words for it. A store that does not say is asked again before anything goes. */
    Map<UUID, String> inUse(ProjectId project, Collection<Backup> backups) {
        Set<String> in = new TreeSet<>();
        for (Backup backup : backups) {
            in.add(backup.store());
            backup.copies().forEach(copy -> in.add(copy.store()));
        }
        Map<UUID, String> read = new HashMap<>();
        for (String store : in) {
            try {
                StoreLeases leases = new StoreLeases(stores.of(store), project, clock);
                leases.live().stream()
                        .filter(each -> each.use() == StoreLeases.Use.READ)
                        .forEach(each -> read.computeIfAbsent(
                                each.backup(),
                                backup -> "it is being read in the store " + store + " by " + leases.words(each)));
            } catch (Failure e) {
                LOG.log(Level.DEBUG, "The store {0} does not say what is read in it: {1}", store, e.getMessage());
            }
        }
        return read;
    }

    /** Leases of long ago that nobody could delete then. */
    void removeLeft(ProjectId project, String store) {
        try {
            new StoreLeases(stores.of(store), project, clock).removeLeft();
        } catch (Failure e) {
            LOG.log(Level.DEBUG, "Old leases of the store {0} stay: {1}", store, e.getMessage());
        }
    }

    /** A store that is away holds up the others' only: none of the heartbeats, and each is renewed long before it ends. */
    void renew(@ObservesAsync Beat beat) {
        if (!renewing.compareAndSet(false, true)) {
            return;
        }
        try {
            for (Held each : held) {
                try {
                    each.renew();
                } catch (Failure e) {
                    LOG.log(Level.WARNING, "A lease in a store is not renewed for now: {0}", e.getMessage());
                }
            }
        } finally {
            renewing.set(false);
        }
    }
}
