package dev.nightshift.backup;

import dev.nightshift.job.RunHolder;
import dev.nightshift.tenancy.Expiring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** What the catalogue keeps for a time only, and what it needs for as long as a backup is held. */
@ApplicationScoped
class Expiry implements RunHolder {
    @Produces
    Expiring deleted() {
        return Expiring.by("backup.forget_deleted", "deleted backups", Expiring.Kept.RUNS);
    }

    @Produces
    Expiring drills() {
        return Expiring.by("backup.forget_drills", "restore drills", Expiring.Kept.RUNS);
    }

    /** Those that took a held backup or proved it. */
    @Override
    public List<UUID> runs(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select b.run_id from backup.backup b where b.deleted_at is null
                        union
                        select f.run_id from backup.proof f join backup.backup b on b.project_id = f.project_id and b.id = f.backup_id
                         where b.deleted_at is null and f.run_id is not null
                        """);
                var rows = query.executeQuery()) {
            List<UUID> runs = new ArrayList<>();
            while (rows.next()) {
                runs.add(rows.getObject(1, UUID.class));
            }
            return runs;
        }
    }
}
