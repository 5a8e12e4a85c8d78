package dev.nightshift.backup;

import dev.nightshift.audit.Audit;
import dev.nightshift.backup.policy.Facts;
import dev.nightshift.backup.stored.Described;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.KeyChanges;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A project's keys over their life: a new one wraps, the older ones open what was wrapped before, until nothing is. */
@ApplicationScoped
class ProjectKeyRing {
    @Inject
    private Transactions transactions;

    @Inject
    private ProjectKeyRepository repository;

    @Inject
    private Keyring keyring;

    @Inject
    private KeyChanges changes;

    @Inject
    private Stores stores;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    /** Each reads every description of every store: one at a time on this node. */
    private final ReentrantLock destroying = new ReentrantLock();

    /**
     * A key that opens backups.
     *
     * @param madeAt or taken over from a recovery kit
     * @param primary whether it wraps the data keys of what is new
     * @param exportedAt when it was first put into a kit or a key file, or came from a kit
     */
    record Key(
            String id,
            Instant madeAt,
            boolean primary,
            @Nullable Instant exportedAt,
            ProjectKeyRepository.Use use) {}

    /** The newest first. */
    List<Key> keys(ProjectId project) {
        ProjectKeys keys = keyring.of(project);
        return transactions.in(project, connection -> {
            Map<String, Instant> made = keyring.made(project);
            Map<String, Instant> exported = keyring.exported(project);
            Map<String, ProjectKeyRepository.Use> uses = repository.uses(connection, project);
            return keys.ids().stream()
                    .map(id -> new Key(
                            id,
                            made(made, id),
                            id.equals(keys.keyId()),
                            exported.get(id),
                            uses.getOrDefault(id, ProjectKeyRepository.Use.NONE)))
                    .sorted((one, other) -> other.madeAt().compareTo(one.madeAt()))
                    .toList();
        });
    }

    /**
     * What goals are held against, by the keys that a backup and what it is built on open by. Keys that cannot be opened keep
     * nobody from holding the other goals against what is measured.
     */
    Function<List<String>, Facts.Keys> facts(ProjectId project) {
        ProjectKeys keys;
        try {
            keys = keyring.of(project);
        } catch (Failure e) {
            return ids -> Facts.Keys.unopened(String.valueOf(e.getMessage()));
        }
        return transactions.in(project, connection -> {
            Map<String, Instant> made = keyring.made(project);
            boolean inKit = keyring.exported(project).containsKey(keys.keyId());
            return ids -> new Facts.Keys(oldest(keys, made, ids), known(made, keys.keyId()), inKit);
        });
    }

    /** Null if there is none, or when one of them was made is not known. */
    private static @Nullable Instant oldest(ProjectKeys keys, Map<String, Instant> made, List<String> ids) {
        Instant oldest = null;
        for (String id : ids) {
            Instant at = keys.ids().contains(id) ? known(made, id) : null;
            if (at == null) {
                return null;
            }
            oldest = oldest == null || at.isBefore(oldest) ? at : oldest;
        }
        return oldest;
    }

    private static @Nullable Instant known(Map<String, Instant> made, String id) {
        Instant own = made.get(id);
        return own != null ? own : made.get(Keyring.WITH_THE_PROJECT);
    }

    private static Instant made(Map<String, Instant> made, String id) {
        Instant own = known(made, id);
        return own != null ? own : Instant.EPOCH;
    }

    /**
     * Makes a new key. What is stored is not wrapped by it before somebody holds a kit with it: else a repository that is lost
     * meanwhile would take everything along.
     *
     * @return its id
     */
    String rotate(ProjectId project) {
        return changes.rotate(project, key -> {
            audit.record(project, "project-key.rotate", "key " + key, Map.of());
            live.changed(project, "backup", project.value());
        });
    }

    /**
     * Lets pass a key that could be destroyed.
     *
     * @throws Failure.NotFound if the project has no such key
     * @throws Failure.Conflict if it is the one that wraps
     */
    void require(ProjectId project, String id) {
        Keyring.requireOld(keyring.of(project), id);
    }

    /**
     * Destroys a key by which nothing that is kept opens: neither by the catalogue nor by what lies in the stores.
     *
     * @throws Failure.NotFound if the project has no such key
     * @throws Failure.Conflict if something opens by it, or the primary key is in no kit
     * @throws Failure.Retryable if a run may be about to store what opens by it, or this node is about to destroy another one, or
     *     a store does not answer, or lacks what the catalogue keeps there: nobody knows then
     */
    void destroy(ProjectId project, String id) {
        destroy(project, id, () -> {});
    }

    /**
     * As {@link #destroy(ProjectId, String)}.
     *
     * @param within what belongs to the transaction in which it goes
     */
    void destroy(ProjectId project, String id, Runnable within) {
        if (!destroying.tryLock()) {
            throw new Failure.Retryable("A key is being destroyed.", "Wait for it: it reads every store.", null);
        }
        try {
            destroyAlone(project, id, within);
        } finally {
            destroying.unlock();
        }
    }

    private void destroyAlone(ProjectId project, String id, Runnable within) {
        require(project, id);
        refuseUsed(project, id);
        for (String name : stores.names()) {
            refuseStored(project, id, name);
        }
        changes.destroy(project, id, () -> {
            refuseUsed(project, id);
            audit.record(project, "project-key.destroy", "key " + id, Map.of());
            within.run();
            live.changed(project, "backup", project.value());
        });
    }

    private void refuseUsed(ProjectId project, String id) {
        transactions.run(project, connection -> {
            ProjectKeyRepository.Use use =
                    repository.uses(connection, project).getOrDefault(id, ProjectKeyRepository.Use.NONE);
            if (!use.equals(ProjectKeyRepository.Use.NONE)) {
                List<String> unreached = repository.unreached(connection, project, id);
                throw new Failure.Conflict(
                        use.backups() + " backups and " + use.logs() + " archived logs open by key " + id + ".",
                        "Run " + RewrapJob.NAME + " over all databases first."
                                + (unreached.isEmpty()
                                        ? ""
                                        : " Register a database of these servers for it, they have none: "
                                                + String.join(", ", unreached) + "."));
            }
            Optional<String> onlyHere = keyring.onlyHere(project);
            if (onlyHere.isPresent()) {
                throw new Failure.Conflict(onlyHere.get(), "Make a recovery kit first.");
            }
            Instant primary = made(keyring.made(project), keyring.of(project).keyId());
            Optional<String> working = repository.working(connection, project, primary);
            if (working.isPresent()) {
                throw new Failure.Retryable(
                        "The " + working.get()
                                + " began before the primary key was made or within ten minutes after, or wraps keys"
                                + " anew.",
                        "Wait for it, or stop it.",
                        null);
            }
        });
    }

    private void refuseStored(ProjectId project, String id, String name) {
        Store store;
        List<Described> all;
        Set<Described> kept = kept(project, name);
        try {
            store = stores.of(name);
            all = Described.in(store);
        } catch (Failure e) {
            throw unknown(id, name, e);
        }
        refuseLacking(project, id, name, kept, all);
        for (Described each : all) {
            try {
                if (each.mayNeed(store, project, id) && !(each.isBareLog(store) && !kept.contains(each))) {
                    throw new Failure.Conflict(
                            each.folder() + " in the store " + name + " opens by key " + id
                                    + ", although the catalogue does not say so.",
                            "Run rebuild-catalogue and " + RewrapJob.NAME
                                    + "; what was deleted goes with the next run of expire.");
                }
            } catch (Failure.NotFound e) {
                // It was deleted meanwhile
            } catch (Failure.Retryable e) {
                throw unknown(id, name, e);
            }
        }
    }

    private Set<Described> kept(ProjectId project, String store) {
        return transactions.in(project, connection -> repository.places(connection, project)).stream()
                .filter(place -> place.store().equals(store))
                .map(ProjectKeyRepository.Place::described)
                .collect(Collectors.toSet());
    }

    /** A folder that is not mounted is empty, and answers. */
    private void refuseLacking(ProjectId project, String id, String name, Set<Described> kept, List<Described> found) {
        Set<Described> lacking = new HashSet<>(kept);
        lacking.removeAll(Set.copyOf(found));
        if (lacking.isEmpty()) {
            return;
        }
        lacking.retainAll(kept(project, name)); // but for what was deleted meanwhile
        Optional<String> first = lacking.stream().map(Described::object).min(Comparator.naturalOrder());
        if (first.isPresent()) {
            throw new Failure.Retryable(
                    "Whether something in the store " + name + " opens by key " + id + " cannot be told: it lacks "
                            + first.get() + ", which the catalogue keeps.",
                    "See whether the store is mounted, and is the right one. If it was deleted there, bring its folder"
                            + " back, or let it expire.",
                    null);
        }
    }

    private static Failure.Retryable unknown(String id, String store, Failure cause) {
        return new Failure.Retryable(
                "Whether something in the store " + store + " opens by key " + id + " cannot be told: "
                        + cause.getMessage(),
                "Destroy the key when every store answers.",
                cause);
    }
}
