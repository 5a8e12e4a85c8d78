package dev.nightshift.backup;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.DeletionGuard;
import dev.nightshift.fleet.Instance;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The catalogue as people and other features ask it. */
@ApplicationScoped
public class Backups implements DeletionGuard {
    @Inject
    private Transactions transactions;

    @Inject
    private BackupRepository repository;

    @Inject
    private BaseRepository bases;

    @Inject
    private WalRepository logs;

    /**
     * A backup with its newest proof.
     *
     * @throws Failure.NotFound if the project holds none of this id
     */
    public Backup get(ProjectId project, UUID id) {
        return transactions
                .in(project, connection -> repository.find(connection, id))
                .orElseThrow(() -> new Failure.NotFound("This project holds no such backup."));
    }

    /** The newest one of an instance, leaving out those whose source was damaged. */
    public Optional<Backup> newest(ProjectId project, UUID instance) {
        return transactions.in(project, connection -> repository.newest(connection, instance, null));
    }

    /** Those of an instance that can be restored from, newest first, leaving out those whose source was damaged. */
    List<Backup> restorable(ProjectId project, UUID instance) {
        return transactions.in(project, connection -> repository.restorable(connection, instance));
    }

    /** The newest one of a kind, leaving out those whose source was damaged. */
    Optional<Backup> newest(ProjectId project, UUID instance, Manifest.Kind kind) {
        return transactions.in(project, connection -> repository.newest(connection, instance, kind));
    }

    /** What a new backup in this store can be built on, newest first; as the catalogue knows it, not the store. */
    List<Backup> bases(
            ProjectId project, UUID instance, String systemIdentifier, String store, boolean fullOnly, int most) {
        return transactions.in(
                project, connection -> bases.bases(connection, instance, systemIdentifier, store, fullOnly, most));
    }

    /** Why a new backup must not be built on this one, as a part of a sentence; empty if nothing speaks against it. */
    Optional<String> against(ProjectId project, UUID id) {
        return transactions.in(project, connection -> bases.against(connection, id));
    }

    /** The newest one of each of these instances that has any, damaged sources included: what there is to see. */
    Map<UUID, Backup> newestOf(ProjectId project, List<UUID> instances) {
        return transactions.in(project, connection -> repository.newestOf(connection, instances));
    }

    /** Newest first, of one database's or instance's name if given. */
    public Page<Backup> list(
            ProjectId project, @Nullable String database, @Nullable String instance, @Nullable UUID after, int limit) {
        return transactions.in(project, connection -> repository.list(connection, database, instance, after, limit));
    }

    @Override
    public Optional<String> objection(Instance instance, @Nullable Database database) {
        if (database != null) {
            return Optional.empty();
        }
        boolean archived = transactions
                .in(instance.project(), connection -> logs.service(connection, instance.project(), instance.id()))
                .filter(service -> service.state() != WalService.State.OFF)
                .isPresent();
        if (archived) {
            return Optional.of("The log of " + instance.name()
                    + " is archived, and its server keeps a slot for that. Switch archiving off first.");
        }
        long held = transactions.in(instance.project(), connection -> repository.count(connection, instance.id()));
        boolean log =
                transactions.in(instance.project(), connection -> logs.archives(connection, instance.id())).stream()
                        .findAny()
                        .isPresent();
        if (held == 0 && log) {
            return Optional.of("Archived log of " + instance.name() + " is held and would be lost from sight.");
        }
        return held == 0
                ? Optional.empty()
                : Optional.of((held == 1 ? "A backup of " : held + " backups of ") + instance.name()
                        + (held == 1 ? " is held" : " are held") + " and would be lost from sight.");
    }
}
