package dev.nightshift.backup;

import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.DeletionGuard;
import dev.nightshift.fleet.Instance;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The catalogue as people and other features ask it. */
@ApplicationScoped
public class Backups implements DeletionGuard {
    @Inject
    @SuppressWarnings("NullAway.Init")
    private Transactions transactions;

    @Inject
    @SuppressWarnings("NullAway.Init")
    private BackupRepository repository;

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
        return transactions.in(project, connection -> repository.newest(connection, instance));
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
        long held = transactions.in(instance.project(), connection -> repository.count(connection, instance.id()));
        return held == 0
                ? Optional.empty()
                : Optional.of(held + " backups of " + instance.name() + " are held: delete or move them first.");
    }
}
