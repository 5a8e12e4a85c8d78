package dev.nightshift.backup;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoreLeases;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.Node;
import dev.nightshift.job.Pulse;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
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

    @Resource
    @SuppressWarnings("NullAway.Init") // set by the container
    private ManagedExecutorService executor;

    private final Set<Held> held = ConcurrentHashMap.newKeySet();

    /** Stores that are being asked: one that hangs holds up its own leases alone. */
    private final Set<String> busy = ConcurrentHashMap.newKeySet();

    /** Which stores took no word of a target's reading: they are not asked again, and it is said once. */
    private final Map<TargetRun, Set<String>> deaf = Collections.synchronizedMap(new WeakHashMap<>());

    /** What one piece of work has in one store. Closing it waits for no store. */
    final class Held implements AutoCloseable {
        private final TargetRun target;
        private final String store;
        private final StoreLeases leases;
        private final List<StoreLeases.Lease> taken = new ArrayList<>();
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
            return closed || (!target.stopRequested() && !clock.now().isBefore(due));
        }

        /** By one thread at a time, once all are taken. */
        private void look() {
            due = clock.now().plus(RENEWED_AFTER);
            for (int at = 0; at < taken.size() && !closed; at++) {
                StoreLeases.Lease each = taken.get(at);
                StoreLeases.Lease next = leases.renew(each, node.name()).orElse(null);
                if (next == null) {
                    LOG.log(Level.WARNING, "The lease {0} is gone from the store {1}", each.name(), store);
                } else {
                    taken.set(at, next);
                }
            }
            if (closed) {
                held.remove(this);
                leases.giveBack(taken);
            }
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /**
     * Says in a store, until this try of a target's work ends, that it reads a backup there with all that it is built on. A store
     * that takes no word of it is read all the same: nobody's restore is refused for that.
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
            if (stores.of(store).size(backup.location() + "/" + Manifest.NAME).isEmpty()) {
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
        Set<String> silent = deaf.computeIfAbsent(mine.target, target -> ConcurrentHashMap.newKeySet());
        if (silent.contains(mine.store)) {
            return;
        }
        try {
            for (UUID backup : which) {
                mine.taken.add(mine.leases.take(backup, mine.target.runId(), node.name()));
            }
        } catch (Failure e) {
            mine.close();
            silent.add(mine.store);
            mine.target.warn("The store " + mine.store + " takes no word of it that its backups are being read: "
                    + e.getMessage() + " Another installation of Nightshift would not see it.");
        } finally {
            held.add(mine);
        }
    }

    /**
     * Who else reads a backup in a store, and to when that counts.
     *
     * @throws Failure.Retryable if the store does not say
     */
    Optional<String> reader(ProjectId project, String store, UUID backup) {
        StoreLeases leases = new StoreLeases(stores.of(store), project, clock);
        return Optional.ofNullable(words(project, leases, leases.live(backup)).get(backup));
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
                StoreLeases leases = new StoreLeases(stores.of(store), project, clock);
                List<StoreLeases.Lease> live = leases.live().stream()
                        .filter(each -> ids.contains(each.backup()))
                        .toList();
                words(project, leases, live)
                        .forEach((backup, words) ->
                                read.put(backup, "it is being read in the store " + store + " by " + words));
            } catch (Failure e) {
                LOG.log(Level.DEBUG, "The store {0} does not say what is read in it: {1}", store, e.getMessage());
            }
        }
        return read;
    }

    private Map<UUID, String> words(ProjectId project, StoreLeases leases, List<StoreLeases.Lease> live) {
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

    /** Renews what is due and gives back what is over, each store by itself: what is read goes on without the repository. */
    void look(@ObservesAsync Pulse pulse) {
        held.stream()
                .filter(Held::isDue)
                .map(each -> each.store)
                .distinct()
                .filter(busy::add)
                .forEach(store -> {
                    try {
                        executor.execute(() -> look(store));
                    } catch (RuntimeException e) {
                        busy.remove(store); // the server is stopping
                        throw e;
                    }
                });
    }

    private void look(String store) {
        try {
            for (Held each : held) {
                if (each.store.equals(store) && each.isDue()) {
                    each.look();
                }
            }
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "The leases in the store " + store + " are not renewed for now", e);
        } finally {
            busy.remove(store);
        }
    }
}
