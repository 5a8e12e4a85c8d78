package dev.nightshift.backup;

import dev.nightshift.backup.stored.Described;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** What the catalogue says of the keys that its backups and archives open by, within the transaction whose connection is passed. */
@ApplicationScoped
class ProjectKeyRepository {
    /** How many kept backups and archives of logs a key opens. */
    record Use(long backups, long logs) {
        static final Use NONE = new Use(0, 0);
    }

    /**
     * A kept backup, or an archive, where it lies, and what it opens by if the catalogue is right.
     *
     * @param copy whether it lies in another store than it was taken or archived to: the catalogue does not know what that opens by
     */
    record Place(String store, Described described, String keyId, boolean copy) {}

    Map<String, Use> uses(Connection connection, ProjectId project) throws SQLException {
        try (var query = connection.prepareStatement("""
                select key_id, count(*) filter (where not log), count(*) filter (where log)
                  from (select key_id, false as log from backup.backup where project_id = ? and deleted_at is null
                        union all select key_id, true from backup.wal_archive where project_id = ?) every
                 group by key_id
                """)) {
            query.setObject(1, project.value());
            query.setObject(2, project.value());
            Map<String, Use> uses = new HashMap<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    uses.put(rows.getString(1), new Use(rows.getLong(2), rows.getLong(3)));
                }
            }
            return uses;
        }
    }

    /** The stores that anything of the project that is kept lies in. */
    Set<String> stores(Connection connection, ProjectId project) throws SQLException {
        try (var query = connection.prepareStatement("""
                select store from backup.backup where project_id = ? and deleted_at is null
                union select c.store from backup.copy c
                       join backup.backup b on b.project_id = c.project_id and b.id = c.backup_id
                      where c.project_id = ? and b.deleted_at is null
                        and (c.state = 'WHOLE' or c.state = 'COPYING' and c.made_at is not null)
                union select store from backup.wal_archive where project_id = ?
                union select store from backup.wal_copy where project_id = ? and copied_at is not null and freed_at is null
                """)) {
            query.setObject(1, project.value());
            query.setObject(2, project.value());
            query.setObject(3, project.value());
            query.setObject(4, project.value());
            Set<String> stores = new TreeSet<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    stores.add(rows.getString(1));
                }
            }
            return stores;
        }
    }

    /** What of an instance is kept, the oldest first. */
    List<Place> places(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("""
                select store, location, id, false as log, key_id, false as copy from backup.backup
                 where instance_id = ? and deleted_at is null
                union all
                select c.store, c.location, b.id, false, b.key_id, true
                  from backup.backup b join backup.copy c on c.project_id = b.project_id and c.backup_id = b.id
                 where b.instance_id = ? and b.deleted_at is null
                   and (c.state = 'WHOLE' or c.state = 'COPYING' and c.made_at is not null)
                union all
                select store, location, id, true, key_id, false from backup.wal_archive where instance_id = ?
                union all
                select c.store, c.location, a.id, true, a.key_id, true
                  from backup.wal_archive a join backup.wal_copy c on c.project_id = a.project_id and c.archive_id = a.id
                 where a.instance_id = ? and c.copied_at is not null and c.freed_at is null
                order by log, id
                """)) {
            query.setObject(1, instance);
            query.setObject(2, instance);
            query.setObject(3, instance);
            query.setObject(4, instance);
            return places(query);
        }
    }

    /** What of a project is kept. */
    List<Place> places(Connection connection, ProjectId project) throws SQLException {
        try (var query = connection.prepareStatement("""
                select store, location, id, false as log, key_id, false as copy from backup.backup
                 where project_id = ? and deleted_at is null
                union all
                select c.store, c.location, b.id, false, b.key_id, true
                  from backup.backup b join backup.copy c on c.project_id = b.project_id and c.backup_id = b.id
                 where b.project_id = ? and b.deleted_at is null and c.state = 'WHOLE'
                union all
                select store, location, id, true, key_id, false from backup.wal_archive where project_id = ?
                union all
                select c.store, c.location, a.id, true, a.key_id, true
                  from backup.wal_archive a join backup.wal_copy c on c.project_id = a.project_id and c.archive_id = a.id
                 where a.project_id = ? and c.copied_at is not null and c.freed_at is null
                order by log, id
                """)) {
            query.setObject(1, project.value());
            query.setObject(2, project.value());
            query.setObject(3, project.value());
            query.setObject(4, project.value());
            return places(query);
        }
    }

    private static List<Place> places(PreparedStatement query) throws SQLException {
        List<Place> places = new ArrayList<>();
        try (var rows = query.executeQuery()) {
            while (rows.next()) {
                places.add(new Place(
                        rows.getString(1),
                        new Described(rows.getString(2), rows.getObject(3, UUID.class), rows.getBoolean(4)),
                        rows.getString(5),
                        rows.getBoolean(6)));
            }
        }
        return places;
    }

    /** Servers without a registered database, of which something opens by this key: no run of all databases comes to them. */
    List<String> unreached(Connection connection, ProjectId project, String keyId) throws SQLException {
        try (var query = connection.prepareStatement("""
                select i.name from fleet.instance i
                 where i.project_id = ?
                   and (exists (select from backup.backup b
                                 where b.instance_id = i.id and b.key_id = ? and b.deleted_at is null)
                        or exists (select from backup.wal_archive a where a.instance_id = i.id and a.key_id = ?))
                   and not exists (select from fleet.database d where d.instance_id = i.id)
                 order by i.name limit 10
                """)) {
            query.setObject(1, project.value());
            query.setString(2, keyId);
            query.setString(3, keyId);
            List<String> names = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    names.add(rows.getString(1));
                }
            }
            return names;
        }
    }

    /** It is wrapped by this key now. */
    void wrapped(Connection connection, Place place, String keyId) throws SQLException {
        String table = place.described().log() ? "backup.wal_archive" : "backup.backup";
        try (var update = connection.prepareStatement("update " + table + " set key_id = ? where id = ?")) {
            update.setString(1, keyId);
            update.setObject(2, place.described().id());
            update.executeUpdate();
        }
    }

    /**
     * A run of the project that may still use keys of before this time, or that wraps anew; empty if none does. The time is the one
     * at which the transaction began that made the key: who reads keys before it ends gets the old ones, and so ten minutes are added.
     */
    Optional<String> working(Connection connection, ProjectId project, Instant before) throws SQLException {
        try (var query = connection.prepareStatement("""
                select r.job || ' run ' || r.id from job.target t join job.run r on r.project_id = t.project_id and r.id = t.run_id
                 where t.project_id = ?
                   and (t.status = 'STARTED' and t.started_at <= ?::timestamptz + interval '10 minutes'
                        or r.job = ? and (t.status = 'STARTED'
                                          or t.status in ('WAITING', 'LOST')
                                             and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')))
                 limit 1
                """)) {
            query.setObject(1, project.value());
            query.setTimestamp(2, Timestamp.from(before));
            query.setString(3, RewrapJob.NAME);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }
}
