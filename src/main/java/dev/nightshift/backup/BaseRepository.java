package dev.nightshift.backup;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** What the catalogue says of backups that others may be built on, within the transaction whose connection is passed. */
@ApplicationScoped
class BaseRepository {
    /**
     * What speaks against building on {@code b}: a backup of its chain that is gone or whose source was damaged, or the proof of
     * any backup that needs one of them, in the same store. Damage lies somewhere in the chain of the backup that was proven, so it is held against
     * all of it, until that backup or the one in question has passed what failed. Not possible says nothing.
     */
    static final String AGAINST = """
            select n.id, f.backup_id as failed from unnest(b.chain) n (id)
              left join backup.backup c on c.project_id = b.project_id and c.id = n.id
              left join lateral (select f.backup_id from backup.backup d
                                   join backup.proof f on f.project_id = d.project_id and f.backup_id = d.id
                                  where d.project_id = b.project_id and d.instance_id = b.instance_id and n.id = any (d.chain)
                                    and f.outcome = 'FAILED' and f.store = b.store
                                    and not exists (select from backup.proof g
                                          where g.project_id = f.project_id and g.backup_id in (n.id, d.id) and g.store = f.store
                                            and g.outcome = 'PASSED' and g.id > f.id and g.level > f.level)
                                  order by f.id desc limit 1) f on true
             where c.deleted_at is not null or c.state is distinct from 'COMPLETE' or f.backup_id is not null
            """;

    /** What a new backup in this store can be built on, newest first: of this cluster, whole, and not proven to be bad. */
    List<Backup> bases(
            Connection connection, UUID instance, String systemIdentifier, String store, boolean fullOnly, int most)
            throws SQLException {
        try (var query = connection.prepareStatement(BackupRepository.BACKUP + """
                         and b.physical and b.instance_id = ? and b.system_identifier = ? and b.store = ? and (not ? or b.kind = 'FULL')
                         and not exists (""" + AGAINST + """
                         )
                         order by b.id desc limit ?
                        """)) {
            query.setObject(1, instance);
            query.setString(2, systemIdentifier);
            query.setString(3, store);
            query.setBoolean(4, fullOnly);
            query.setInt(5, most);
            List<Backup> bases = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    bases.add(BackupRepository.backup(rows));
                }
            }
            return bases;
        }
    }

    /** What speaks against building on this backup; empty if nothing does. */
    Optional<String> against(Connection connection, UUID backup) throws SQLException {
        try (var query = connection.prepareStatement("select a.id, a.failed from backup.backup b cross join lateral ("
                + AGAINST + " limit 1) a where b.id = ?")) {
            query.setObject(1, backup);
            try (var rows = query.executeQuery()) {
                if (!rows.next()) {
                    return Optional.empty();
                }
                UUID member = rows.getObject(1, UUID.class);
                UUID failed = rows.getObject(2, UUID.class);
                return Optional.of(
                        failed == null
                                ? "backup " + member + " of its chain is not kept, or its source was damaged"
                                : failed.equals(member)
                                        ? "the proof of backup " + failed + " failed"
                                        : "the proof of backup " + failed + ", which needs backup " + member
                                                + ", failed");
            }
        }
    }
}
