package dev.nightshift.backup;

import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.DatabaseFacts;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Shows with each database its newest backup and how far that is proven. */
@ApplicationScoped
class DatabaseBackups implements DatabaseFacts {
    @Inject
    private Backups backups;

    /** The newest backup of the database's instance. */
    @Schema(name = "BackupSummary")
    public record Summary(UUID id, Instant takenAt, long storedBytes, BackupResource.ProofView proof) {}

    @Override
    public String field() {
        return "backup";
    }

    @Override
    public Map<UUID, Summary> of(ProjectId project, Collection<Database> databases) {
        Map<UUID, Backup> newest = backups.newestOf(
                project,
                databases.stream()
                        .map(database -> database.instance().id())
                        .distinct()
                        .toList());
        var facts = new HashMap<UUID, Summary>();
        for (Database database : databases) {
            Backup backup = newest.get(database.instance().id());
            if (backup != null) {
                facts.put(
                        database.id(),
                        new Summary(
                                backup.id(),
                                backup.takenAt(),
                                backup.storedBytes(),
                                BackupResource.ProofView.of(backup.proof(), backup.store())));
            }
        }
        return facts;
    }
}
