package dev.nightshift.backup;

import dev.nightshift.audit.Audit;
import dev.nightshift.backup.stored.Described;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.RunRequest;
import dev.nightshift.job.Runs;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
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
    private Stores stores;

    @Inject
    private Fleet fleet;

    @Inject
    private Runs runs;

    @Inject
    private Audit audit;

    /**
     * A key that opens backups.
     *
     * @param madeAt or taken over from a recovery kit
     * @param primary whether it wraps the data keys of what is new
     */
    record Key(String id, Instant madeAt, boolean primary, ProjectKeyRepository.Use use) {}

    /** The newest first. */
    List<Key> keys(ProjectId project) {
        return transactions.in(project, connection -> {
            ProjectKeys keys = keyring.of(project);
            Map<String, Instant> made = keyring.made(project);
            Map<String, ProjectKeyRepository.Use> uses = repository.uses(connection, project);
            return keys.ids().stream()
                    .map(id -> new Key(
                            id,
                            made(made, id),
                            id.equals(keys.keyId()),
                            uses.getOrDefault(id, ProjectKeyRepository.Use.NONE)))
                    .sorted((one, other) -> other.madeAt().compareTo(one.madeAt()))
                    .toList();
        });
    }

    private static Instant made(Map<String, Instant> made, String id) {
        Instant own = made.get(id);
        return own != null ? own : made.getOrDefault(Keyring.WITH_THE_PROJECT, Instant.EPOCH);
    }

    /**
     * What a rotation made.
     *
     * @param run that wraps anew what is stored; null where the project has no server
     */
    record Rotated(String key, @Nullable UUID run) {}

    /** Makes a new key, and has what is stored wrapped by it: both or neither. */
    Rotated rotate(ProjectId project, RunRequest.Trigger trigger, String by) {
        return transactions.in(project, connection -> {
            String key = keyring.rotate(project);
            UUID run = fleet.databases(project).isEmpty()
                    ? null
                    : runs.request(
                            project,
                            new RunRequest(
                                    RewrapJob.NAME,
                                    List.of("*"),
                                    JsonValue.EMPTY_JSON_OBJECT,
                                    trigger,
                                    by,
                                    null,
                                    null));
            audit.record(
                    project,
                    "project-key.rotate",
                    "key " + key,
                    run == null ? Map.of() : Map.of("run", run.toString()));
            return new Rotated(key, run);
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
     * @throws Failure.Conflict if something opens by it, or a run may be about to store such a thing
     * @throws Failure.Retryable if a store does not answer: nobody knows then
     */
    void destroy(ProjectId project, String id) {
        require(project, id);
        refuseUsed(project, id);
        for (String name : stores.names()) {
            refuseStored(project, id, name);
        }
        transactions.run(project, connection -> {
            keyring.destroy(project, id);
            refuseUsed(project, id);
            audit.record(project, "project-key.destroy", "key " + id, Map.of());
        });
    }

    private void refuseUsed(ProjectId project, String id) {
        transactions.run(project, connection -> {
            ProjectKeyRepository.Use use =
                    repository.uses(connection, project).getOrDefault(id, ProjectKeyRepository.Use.NONE);
            if (!use.equals(ProjectKeyRepository.Use.NONE)) {
                throw new Failure.Conflict(
                        use.backups() + " backups and " + use.logs() + " archived logs open by key " + id + ".",
                        "Run " + RewrapJob.NAME + " over all databases first.");
            }
            Instant newest = made(keyring.made(project), keyring.of(project).keyId());
            Optional<String> working = repository.working(connection, project, newest);
            if (working.isPresent()) {
                throw new Failure.Conflict(
                        "The " + working.get() + " began before the newest key was made, or wraps keys anew.",
                        "Wait for it, or stop it.");
            }
        });
    }

    private void refuseStored(ProjectId project, String id, String name) {
        Store store;
        List<Described> all;
        try {
            store = stores.of(name);
            all = Described.in(store);
        } catch (Failure e) {
            throw unknown(id, name, e);
        }
        for (Described each : all) {
            try {
                if (each.mayNeed(store, project, id)) {
                    throw new Failure.Conflict(
                            each.folder() + " in the store " + name + " opens by key " + id
                                    + ", although the catalogue does not say so.",
                            "Run rebuild-catalogue and " + RewrapJob.NAME
                                    + "; what was deleted goes with the next run of expire.");
                }
            } catch (Failure.NotFound e) {
                continue; // it was deleted meanwhile
            } catch (Failure.Retryable e) {
                throw unknown(id, name, e);
            }
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
