package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.stored.WalFolder;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is entered of what lies in the stores, within the transaction whose connection is passed. */
@ApplicationScoped
class RebuildRepository {
    /** An archive as its objects lie in a store. */
    record Log(WalFolder description, String store, String folder, List<Part> parts) {}

    /** A stretch of log without a gap, with the objects that hold it and their bytes in the store. */
    record Part(ArchivedLog.Stretch stretch, long objects, long bytes) {}

    /**
     * Of these ids of backups and archives that a store holds those that are nobody's to enter: they are known to lie there, or as
     * deleted, or a run that is not over works on them.
     */
    Set<UUID> known(Connection connection, String store, Collection<UUID> ids) throws SQLException {
        try (var query = connection.prepareStatement("""
                select u.id from unnest(?) u (id)
                 where exists (select from backup.backup b
                                where b.id = u.id and (b.deleted_at is not null or b.store = ?))
                    or exists (select from backup.copy c where c.backup_id = u.id and c.store = ? and c.state <> 'FREED')
                    or exists (select from backup.wal_archive a where a.id = u.id and a.store = ?)
                    or exists (select from backup.wal_copy c where c.archive_id = u.id and c.store = ? and c.freed_at is null)
                    or exists (select from job.target t join job.run r on r.project_id = t.project_id and r.id = t.run_id
                                where t.checkpoint ->> 'backup' = u.id::text
                                  and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST'))
                """)) {
            query.setArray(1, connection.createArrayOf("uuid", ids.toArray()));
            query.setString(2, store);
            query.setString(3, store);
            query.setString(4, store);
            query.setString(5, store);
            Set<UUID> known = new HashSet<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    known.add(rows.getObject(1, UUID.class));
                }
            }
            return known;
        }
    }

    /** Enters an archive with its stretches; entering it twice changes nothing. */
    void enter(Connection connection, UUID instance, Log log, @Nullable String endedBecause) throws SQLException {
        WalFolder of = log.description();
        try (var insert = connection.prepareStatement("""
                insert into backup.wal_archive (id, project_id, instance_id, system_identifier, segment_bytes, store, location,
                                                key_id, created_at, ended_because)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (id) do nothing
                """)) {
            int at = 0;
            insert.setObject(++at, of.id());
            insert.setObject(++at, of.project().value());
            insert.setObject(++at, instance);
            insert.setString(++at, of.systemIdentifier());
            insert.setInt(++at, of.segmentBytes());
            insert.setString(++at, log.store());
            insert.setString(++at, log.folder());
            insert.setString(++at, of.key().keyId());
            insert.setTimestamp(++at, Timestamp.from(of.createdAt()));
            insert.setString(++at, endedBecause);
            if (insert.executeUpdate() == 0) {
                return; // entered before, with its stretches
            }
        }
        try (var insert = connection.prepareStatement("""
                insert into backup.wal_stretch (project_id, archive_id, timeline, from_lsn, to_lsn, objects, bytes, begun_at, gap)
                values (?, ?, ?, ?::pg_lsn, ?::pg_lsn, ?, ?, ?, ?)
                """)) {
            ArchivedLog.Stretch before = null;
            for (Part part : log.parts()) {
                ArchivedLog.Stretch stretch = part.stretch();
                int at = 0;
                insert.setObject(++at, of.project().value());
                insert.setObject(++at, of.id());
                insert.setInt(++at, stretch.timeline());
                insert.setString(++at, stretch.from().toString());
                insert.setString(++at, stretch.to().toString());
                insert.setLong(++at, part.objects());
                insert.setLong(++at, part.bytes());
                insert.setTimestamp(++at, Timestamp.from(of.createdAt()));
                insert.setString(
                        ++at,
                        before != null && before.timeline() == stretch.timeline()
                                ? "nothing is stored from " + before.to() + " to " + stretch.from()
                                : null);
                insert.executeUpdate();
                before = stretch;
            }
        }
    }
}
