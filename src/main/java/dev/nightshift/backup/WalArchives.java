package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Optional;
import java.util.UUID;

/** The archives that the catalogue knows; what they hold is asked of the store. */
@ApplicationScoped
class WalArchives implements ArchivedLogs {
    @Inject
    private Transactions transactions;

    @Inject
    private WalRepository repository;

    @Inject
    private Stores stores;

    @Override
    public Optional<ArchivedLog> of(ProjectId project, UUID instance, String systemIdentifier, ProjectKeys keys) {
        return transactions
                .in(
                        project,
                        connection -> repository.archives(connection, instance).stream()
                                .filter(archive -> archive.systemIdentifier().equals(systemIdentifier))
                                .findFirst())
                .map(archive -> StoredLog.of(WalFolder.open(stores.of(archive.store()), archive.location(), keys)));
    }
}
