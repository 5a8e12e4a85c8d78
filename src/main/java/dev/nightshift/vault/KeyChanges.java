package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Changes of a project's keys. A KMS is asked before the transaction begins, as it may be slow; the transaction stores what it wrapped
 * if the project's keys are still those that were read, and else all begins anew.
 */
@ApplicationScoped
public class KeyChanges {
    /** Far more than anybody keeps. */
    private static final int MOST = 100;

    /** Each asks a KMS some seven times. */
    private static final int ATTEMPTS = 3;

    @Inject
    private Transactions transactions;

    @Inject
    private KeyringRepository repository;

    @Inject
    private Keyring keyring;

    /**
     * Gives the project a new key for its backups, which wraps from now on; the old ones still open.
     *
     * @param within what belongs to the same transaction, given the new key's id
     * @return the new key's id
     * @throws Failure.Conflict if it has so many that some should be destroyed first, or others change its keys at the same time
     */
    public String rotate(ProjectId project, Consumer<String> within) {
        return changed(
                        project,
                        before -> {
                            if (before.ids().size() >= MOST) {
                                throw new Failure.Conflict(
                                        "The project has " + MOST + " keys, the most that it may have.",
                                        "Destroy those that open nothing any more.");
                            }
                            return before.rotated();
                        },
                        (before, after) -> within.accept(after.keyId()))
                .keyId();
    }

    /**
     * Destroys a key.
     *
     * @param within makes sure, in the same transaction and while nobody else changes the keys, that nothing that is kept opens by it
     * @throws Failure.NotFound if the project has no such key
     * @throws Failure.Conflict if it is the one that wraps, or others change the project's keys at the same time
     */
    public void destroy(ProjectId project, String id, Runnable within) {
        changed(
                project,
                before -> {
                    Keyring.requireOld(before, id);
                    return before.without(id);
                },
                (before, after) -> within.run());
    }

    /**
     * Takes over those keys of a recovery kit that the project lacks.
     *
     * @param primary which of them wraps from now on, unless the project knows it: a repository that was brought back from an older
     *     copy would go on with a key that was rotated away. One that it had destroyed does not wrap again.
     * @param within what belongs to the same transaction, given the ids of those that were taken over
     * @return the ids of those that were taken over
     * @throws Failure.Conflict if others change the project's keys at the same time
     */
    public List<String> adopt(ExportedKeys kit, String primary, Consumer<List<String>> within) {
        ProjectId project = kit.project();
        List<String> taken = new ArrayList<>();
        changed(
                project,
                before -> {
                    if (lacking(before, kit).isEmpty()) {
                        return before;
                    }
                    boolean destroyed = transactions
                            .in(project, connection -> repository.dated(connection, project, "destroyed"))
                            .containsKey(primary);
                    return before.with(kit, destroyed ? before.keyId() : primary);
                },
                (before, after) -> {
                    keyring.exported(project, kit.ids());
                    taken.addAll(lacking(before, kit));
                    within.accept(taken);
                });
        return List.copyOf(taken);
    }

    private static List<String> lacking(ProjectKeys keys, ExportedKeys kit) {
        return kit.ids().stream().filter(id -> !keys.ids().contains(id)).toList();
    }

    /** @param change answers the same keys if there is nothing to change */
    ProjectKeys changed(
            ProjectId project, UnaryOperator<ProjectKeys> change, BiConsumer<ProjectKeys, ProjectKeys> within) {
        transactions.requireNone();
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            Keyring.Opened before = keyring.opened(project);
            ProjectKeys after = change.apply(before.keys());
            NewKeys made = after == before.keys() ? null : keyring.wrapped(after);
            boolean stored = transactions.in(project, connection -> {
                String now = repository.lock(connection, project).orElseThrow(() -> Keyring.unknown(project));
                if (!now.equals(before.wrapped())) {
                    return false;
                }
                if (made != null) {
                    repository.replace(connection, project, made.wrapped(), made.key());
                    repository.note(connection, project, before.keys().ids(), after.ids());
                    keyring.keep(made);
                }
                within.accept(before.keys(), after);
                return true;
            });
            if (stored) {
                return after;
            }
        }
        throw new Failure.Conflict("Others change the keys of the project at the same time.", "Try again in a moment.");
    }
}
