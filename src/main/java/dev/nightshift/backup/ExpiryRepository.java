package dev.nightshift.backup;

import dev.nightshift.postgres.Lsn;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Holds, and what was deleted of the catalogue, within the transaction whose connection is passed. */
@ApplicationScoped
class ExpiryRepository {
    /**
     * A backup that is deleted in the catalogue, and may still lie in a store.
     *
     * @param copy whether it is another one than the backup was taken to
     * @param stored whether all of it was there once
     */
    record Deleted(UUID id, String store, String location, boolean copy, boolean stored) {}

    /** All of an instance that are kept, the newest first. */
    List<Backup> kept(Connection connection, UUID instance) throws SQLException {
        try (var query =
                connection.prepareStatement(BackupRepository.BACKUP + " and b.instance_id = ? order by b.id desc")) {
            query.setObject(1, instance);
            List<Backup> all = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    all.add(BackupRepository.backup(rows));
                }
            }
            return all;
        }
    }

    /** Puts a backup on hold, or takes the hold away; false if it is not kept any more. */
    boolean hold(Connection connection, UUID backup, @Nullable String reason, @Nullable String by) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.backup set hold_reason = ?, hold_by = ?, hold_at = case when ?::text is null then null else now() end
                 where id = ? and deleted_at is null
                """)) {
            update.setString(1, reason);
            update.setString(2, by);
            update.setString(3, reason);
            update.setObject(4, backup);
            return update.executeUpdate() == 1;
        }
    }

    /** Deletes one from the catalogue; false if it is on hold, or deleted already. */
    boolean delete(Connection connection, UUID backup) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.backup set deleted_at = now() where id = ? and deleted_at is null and hold_reason is null
                """)) {
            update.setObject(1, backup);
            return update.executeUpdate() == 1;
        }
    }

    /** Those of an instance whose objects are not known to be gone, the ones that were built on others first. */
    List<Deleted> unfreed(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("""
                select id, store, location from backup.backup
                 where instance_id = ? and deleted_at is not null and freed_at is null order by id desc
                """)) {
            query.setObject(1, instance);
            List<Deleted> all = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    all.add(new Deleted(
                            rows.getObject(1, UUID.class), rows.getString(2), rows.getString(3), false, true));
                }
            }
            return all;
        }
    }

    void freed(Connection connection, UUID backup) throws SQLException {
        try (var update = connection.prepareStatement("update backup.backup set freed_at = now() where id = ?")) {
            update.setObject(1, backup);
            update.executeUpdate();
        }
    }

    /** The repository's clock: a node's may be wrong by years, and nobody sees it. */
    static Instant now(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("select now()");
                var row = query.executeQuery()) {
            row.next();
            return row.getTimestamp(1).toInstant();
        }
    }

    /** Backups that runs which are not over name: what they restore, prove, build on or copy. */
    Set<UUID> named(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("""
                select b.id from backup.backup b
                 where b.instance_id = ? and b.deleted_at is null
                   and exists (select from job.run r
                                where r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')
                                  and (b.id::text in (r.parameters ->> 'backup', r.parameters ->> 'parent', r.parameters ->> 'definitions')
                                       or exists (select from job.target t
                                                   where t.project_id = r.project_id and t.run_id = r.id
                                                     and t.checkpoint ->> 'backup' = b.id::text)
                                       or exists (select from backup.copy c
                                                   where c.project_id = r.project_id and c.run_id = r.id
                                                     and c.backup_id = b.id and c.state = 'COPYING')))
                """)) {
            query.setObject(1, instance);
            Set<UUID> named = new HashSet<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    named.add(rows.getObject(1, UUID.class));
                }
            }
            return named;
        }
    }

    /** Of some runs of whichever installation, those that this one knows. */
    Set<UUID> runs(Connection connection, Set<UUID> some) throws SQLException {
        try (var query = connection.prepareStatement("select id from job.run where id = any (?)")) {
            query.setArray(1, connection.createArrayOf("uuid", some.toArray()));
            Set<UUID> known = new HashSet<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    known.add(rows.getObject(1, UUID.class));
                }
            }
            return known;
        }
    }

    /** The first position that a kept physical backup of a cluster needs; empty if none is kept. */
    Optional<Lsn> firstNeeded(Connection connection, UUID instance, String systemIdentifier) throws SQLException {
        try (var query = connection.prepareStatement("""
                select start_lsn::text from backup.backup
                 where instance_id = ? and system_identifier = ? and deleted_at is null and physical
                 order by start_lsn limit 1
                """)) {
            query.setObject(1, instance);
            query.setString(2, systemIdentifier);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.of(Lsn.parse(row.getString(1))) : Optional.empty();
            }
        }
    }

    /** Whether one is still in the catalogue. */
    boolean isKept(Connection connection, UUID backup) throws SQLException {
        try (var query = connection.prepareStatement("select from backup.backup where id = ? and deleted_at is null")) {
            query.setObject(1, backup);
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    /** True for one that is kept, false for one that is deleted; empty if the catalogue does not know it. */
    static Optional<Boolean> known(Connection connection, UUID backup) throws SQLException {
        try (var query = connection.prepareStatement("select deleted_at is null from backup.backup where id = ?")) {
            query.setObject(1, backup);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getBoolean(1)) : Optional.empty();
            }
        }
    }

    /** The archive begins at this position now; its newest stretch stays, empty if all of it is before. */
    void trimmed(Connection connection, UUID archive, Lsn from) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_stretch set from_lsn = greatest(from_lsn, least(?::pg_lsn, to_lsn)) where archive_id = ?
                """);
                var delete = connection.prepareStatement("""
                        delete from backup.wal_stretch t where t.archive_id = ? and t.to_lsn <= ?::pg_lsn
                           and t.id < (select max(id) from backup.wal_stretch where archive_id = t.archive_id)
                        """)) {
            update.setString(1, from.toString());
            update.setObject(2, archive);
            update.executeUpdate();
            delete.setObject(1, archive);
            delete.setString(2, from.toString());
            delete.executeUpdate();
        }
    }
}
