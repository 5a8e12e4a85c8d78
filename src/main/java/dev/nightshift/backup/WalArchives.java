package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.UUID;

/** Nothing is archived yet. */
@ApplicationScoped
class WalArchives implements ArchivedLogs {
    @Override
    public Optional<ArchivedLog> of(ProjectId project, UUID instance, Store store, ProjectKeys keys) {
        return Optional.empty();
    }
}
