package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.ProjectKeys;
import java.util.Optional;
import java.util.UUID;

/** Where what is stored of the instances' log beside their backups is found. */
interface ArchivedLogs {
    /**
     * An instance's.
     *
     * @param systemIdentifier of its cluster: an instance's address may have held another before
     * @return empty if nothing is archived of it
     * @throws dev.nightshift.kernel.Failure.Retryable if the store cannot be read now
     */
    Optional<ArchivedLog> of(ProjectId project, UUID instance, String systemIdentifier, ProjectKeys keys);
}
