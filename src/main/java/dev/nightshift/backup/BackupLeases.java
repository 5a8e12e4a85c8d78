package dev.nightshift.backup;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.StoreLeases;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.Beat;
import dev.nightshift.job.Node;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/**
 * Keeps installations that know the same backups from deleting what another one reads. Within one the repository's leases do
 * that; these lie in the store, and those of its own runs are passed over.
 */
@ApplicationScoped
class BackupLeases {
    private static final System.Logger LOG = System.getLogger(BackupLeases.class.getName());

    /** Many tries before one ends, also where a store that is away takes minutes to be waited for. */
    private static final Duration RENEWED_AFTER = Duration.ofMinutes(10);

    @Inject
    private Stores stores;

    @Inject
    private Transactions transactions;

    @Inject
    private ExpiryRepository repository;

    @Inject
    private Clock clock;

    @Inject
    private Node node;

    private final Set<Held> held = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean renewing = new AtomicBoolean();

    /** Which stores took no word of a target's reading: it is said once. */
    private final Map<TargetRun, Set<String>> deaf = Collections.synchronizedMap(new WeakHashMap<>());

    /** What one piece of work has in one store. The store is asked by one thread at a time, and nobody waits for it in a lock. */
    final class Held implements AutoCloseable {
        private final TargetRun target;
        private final String store;
        private final StoreLeases leases;
        private final List<StoreLeases.Lease> taken = Collections.synchronizedList(new ArrayList<>());
        private volatile Instant due;
        private volatile boolean closed;

        private Held(TargetRun target, String store) {
            this.target = target;
            this.store = store;
            this.leases = new StoreLeases(stores.of(store), target.project(), clock);
            this.due = clock.now().plus(RENEWED_AFTER);
        }

        /** Names the use of what is only held. */
        void keep() {}

        /** Of work that is to stop none is renewed: a thread that hangs must not keep a backup for ever. */
        private boolean isDue() {
            return !closed && !target.stopRequested() && !clock.now().isBefore(due);
        }

        private void renew() {
            due = clock.now().plus(RENEWED_AFTER);
            for (StoreLeases.Lease each : List.copyOf(taken)) {
                StoreLeases.Lease next = leases.renew(each, node.name()).orElse(null);
                taken.remove(each);
                if (next == null) {
                    LOG.log(Level.WARNING, "The lease {0} is gone from the store {1}", each.name(), store);
                } else if (closed) {
                    leases.giveBack(List.of(next));
                } else {
                    taken.add(next);
                }
            }
        }

        @Override
        public void close() {
            closed = true;
            held.remove(this);
            List<StoreLeases.Lease> all = List.copyOf(taken);
            if (!all.isEmpty()) {
                leases.giveBack(all);
            }
        }
    }

    /**
     * Says in a store, until this try of a target's work ends, that it reads a backup there with all that it is built on. A store
     * that takes no word of it is read all the same: nobody's restore waits for that.
     *
     * @throws Failure.NotFound if the backup was deleted there since it was opened
     */
    void read(TargetRun target, String store, Backup backup) {
        target.whenTryEnds(reading(target, store, backup, backup.chain()));
    }

    /**
     * As {@link #read}, until it is closed.
     *
     * @param which of the chain are read
     */
    Held reading(TargetRun target, String store, Backup backup, Collection<UUID> which) {
        Held mine = new Held(target, store);
        try {
            take(mine, which);
            // Whoever looked for leases before this one was there has deleted the manifest first
            String manifest = backup.location() + "/" + Manifest.NAME;
            if (stores.of(store).size(manifest).isEmpty()) {
                throw new Failure.NotFound("Backup " + backup.id() + " is not in the store " + store
                        + " any more: it was deleted just now.");
            }
            return mine;
        } catch (RuntimeException e) {
            mine.close();
            throw e;
        }
    }

    private void take(Held mine, Collection<UUID> which) {
        try {
            for (UUID backup : which) {
                mine.taken.add(mine.leases.take(backup, mine.target.runId(), node.name()));
            }
            held.add(mine);
        } catch (Failure e) {
            mine.close();
            if (deaf.computeIfAbsent(mine.target, target -> ConcurrentHashMap.newKeySet())
                    .add(mine.store)) {
                mine.target.warn("The store " + mine.store + " takes no word of it that its backups are being read: "
                        + e.getMessage() + " Another installation of Nightshift would not see it.");
            }
        }
    }

    /**
     * Who else reads a backup in a store, and to when that counts.
     *
     * @throws Failure.Retryable if the store does not say
     */
    Optional<String> reader(ProjectId project, String store, UUID backup) {
        return Optional.ofNullable(
                inUse(project, stores.of(store), Set.of(backup)).get(backup));
    }

    private Map<UUID, String> inUse(ProjectId project, Store store, Set<UUID> backups) {
        StoreLeases leases = new StoreLeases(store, project, clock);
        List<StoreLeases.Lease> live = leases.live().stream()
                .filter(each -> backups.contains(each.backup()))
                .toList();
        if (live.isEmpty()) {
            return Map.of();
        }
        Set<UUID> own = transactions.in(
                project,
                connection -> repository.runs(
                        connection, live.stream().map(StoreLeases.Lease::run).collect(Collectors.toSet())));
        Map<UUID, String> words = new HashMap<>();
        live.stream()
                .filter(each -> !own.contains(each.run()))
                .forEach(each -> words.computeIfAbsent(each.backup(), backup -> leases.words(each)));
        return words;
    }

    /**
     * Of backups, those that another installation reads now, with words for it. A store that does not say keeps none of them: what is
     * deleted is looked for again before anything goes from it.
     */
    Map<UUID, String> inUse(ProjectId project, Collection<Backup> backups) {
        Set<String> in = new TreeSet<>();
        Set<UUID> ids = new HashSet<>();
        for (Backup backup : backups) {
            ids.add(backup.id());
            in.add(backup.store());
            backup.copies().forEach(copy -> in.add(copy.store()));
        }
        Map<UUID, String> read = new HashMap<>();
        for (String store : in) {
            try {
                inUse(project, stores.of(store), ids)
                        .forEach((backup, words) ->
                                read.put(backup, "it is being read in the store " + store + " by " + words));
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

    /** A store that does not answer is asked once, and the others' are renewed. */
    void renew(@ObservesAsync Beat beat) {
        if (!renewing.compareAndSet(false, true)) {
            return;
        }
        try {
            Set<String> away = new HashSet<>();
            for (Held each : held) {
                if (each.isDue() && !away.contains(each.store)) {
                    try {
                        each.renew();
                    } catch (RuntimeException e) {
                        away.add(each.store);
                        LOG.log(Level.WARNING, "The leases in the store " + each.store + " are not renewed for now", e);
                    }
                }
            }
        } finally {
            renewing.set(false);
        }
    }
}
