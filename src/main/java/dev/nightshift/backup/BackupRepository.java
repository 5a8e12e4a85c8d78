package dev.nightshift.backup;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the catalogue holds of backups and their proofs, within the transaction whose connection is passed. */
@ApplicationScoped
class BackupRepository {
    /** Every kept backup {@code b} with its proof {@code p}; more conditions can follow. */
    static final String BACKUP = """
            select b.id, b.instance_id, i.name as instance, b.databases, b.selection, b.run_id, b.kind, b.state, b.store, b.location,
                   b.taken_at, b.ended_at, b.server_version, b.size_bytes, b.stored_bytes, b.start_lsn::text as start_lsn,
                   b.stop_lsn::text as stop_lsn, b.recovery_lsn::text as recovery_lsn, b.timeline, b.system_identifier,
                   b.checksums, b.checksum_failures, b.tablespaces, b.key_id, b.parent_id, b.full_because, b.chain,
                   b.hold_reason, b.hold_by,
                   (select count(*) from backup.backup c where c.project_id = b.project_id and c.chain[1] = b.chain[1]
                                                           and c.deleted_at is null) as chain_size,
                   p.id as proof_id, p.run_id as proof_run, p.at, p.level, p.outcome, p.rto_millis, p.reason, p.ladder, p.not_checked,
                   (select jsonb_agg(to_jsonb(c) || jsonb_build_object('proof', to_jsonb(cp)) order by c.began_at, c.store)
                      from backup.copy c left join lateral backup.standing_proof(c.project_id, c.backup_id, c.store) cp on true
                     where c.project_id = b.project_id and c.backup_id = b.id and c.state <> 'FREED') as copies
              from backup.backup b
              join fleet.instance i on i.project_id = b.project_id and i.id = b.instance_id
              left join lateral backup.standing_proof(b.project_id, b.id, b.store) p on true
             where b.deleted_at is null
            """;

    Optional<Backup> find(Connection connection, UUID id) throws SQLException {
        try (var query = connection.prepareStatement(BACKUP + " and b.id = ?")) {
            query.setObject(1, id);
            try (var rows = query.executeQuery()) {
                return rows.next() ? Optional.of(backup(rows)) : Optional.empty();
            }
        }
    }

    /** The newest backup of an instance whose source was not damaged; of any kind that holds all of it if none is given. */
    Optional<Backup> newest(Connection connection, UUID instance, Manifest.@Nullable Kind kind) throws SQLException {
        try (var query = connection.prepareStatement(BACKUP
                + " and b.instance_id = ? and b.state = 'COMPLETE' and b.physical and b.kind = coalesce(?, b.kind)"
                + " order by b.id desc limit 1")) {
            query.setObject(1, instance);
            query.setString(2, kind == null ? null : kind.name());
            try (var rows = query.executeQuery()) {
                return rows.next() ? Optional.of(backup(rows)) : Optional.empty();
            }
        }
    }

    /** Those that a run took of one instance and that are kept, oldest first. */
    List<UUID> takenBy(Connection connection, UUID run, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("select id from backup.backup where run_id = ? and instance_id = ?"
                + " and deleted_at is null order by id")) {
            query.setObject(1, run);
            query.setObject(2, instance);
            List<UUID> ids = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    ids.add(rows.getObject(1, UUID.class));
                }
            }
            return ids;
        }
    }

    /** Those of the whole instance, newest first. */
    List<Backup> restorable(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement(
                BACKUP + " and b.instance_id = ? and b.state = 'COMPLETE' and b.physical order by b.id desc")) {
            query.setObject(1, instance);
            List<Backup> backups = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    backups.add(backup(rows));
                }
            }
            return backups;
        }
    }

    Map<UUID, Backup> newestOf(Connection connection, List<UUID> instances) throws SQLException {
        try (var query = connection.prepareStatement("select distinct on (instance_id) * from (" + BACKUP
                + " and b.physical and b.instance_id = any (?)) b order by instance_id, id desc")) {
            query.setArray(1, connection.createArrayOf("uuid", instances.toArray()));
            var newest = new HashMap<UUID, Backup>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    Backup backup = backup(rows);
                    newest.put(backup.instanceId(), backup);
                }
            }
            return newest;
        }
    }

    /** Newest first; {@code database} and {@code instance} are names. */
    Page<Backup> list(
            Connection connection,
            @Nullable String database,
            @Nullable String instance,
            @Nullable UUID after,
            int limit)
            throws SQLException {
        try (var query = connection.prepareStatement(BACKUP + """
                         and (?::uuid is null or b.id < ?::uuid)
                         and (?::text is null or i.name = ?::text)
                         and (?::text is null or exists (select from fleet.database d
                               where d.project_id = b.project_id and d.instance_id = b.instance_id and d.name = ?::text
                                 and (b.physical or d.name = any (b.databases))))
                         order by b.id desc limit ?
                        """)) {
            query.setObject(1, after);
            query.setObject(2, after);
            query.setString(3, instance);
            query.setString(4, instance);
            query.setString(5, database);
            query.setString(6, database);
            query.setInt(7, limit + 1);
            List<Backup> backups = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    backups.add(backup(rows));
                }
            }
            boolean more = backups.size() > limit;
            List<Backup> page = more ? backups.subList(0, limit) : backups;
            return new Page<>(page, more ? page.get(limit - 1).id().toString() : null);
        }
    }

    /**
     * This backup and those that were taken before it and hold the same, all of the instance or the same of one database, with
     * the store that each was taken to.
     */
    Map<UUID, String> upTo(Connection connection, UUID instance, UUID backup) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select b.id, b.store from backup.backup b
                          join backup.backup c on c.project_id = b.project_id and c.id = ?
                         where b.instance_id = ? and b.id <= c.id and b.physical = c.physical
                           and (b.physical or b.kind = c.kind and b.databases = c.databases and b.selection = c.selection)
                        """)) {
            query.setObject(1, backup);
            query.setObject(2, instance);
            var stores = new HashMap<UUID, String>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    stores.put(rows.getObject(1, UUID.class), rows.getString(2));
                }
            }
            return stores;
        }
    }

    /** How many backups are held of an instance. */
    long count(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement(
                "select count(*) from backup.backup where instance_id = ? and deleted_at is null")) {
            query.setObject(1, instance);
            try (var rows = query.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        }
    }

    /** A row of {@link #BACKUP}. */
    static Backup backup(ResultSet rows) throws SQLException {
        return new Backup(
                rows.getObject("id", UUID.class),
                rows.getObject("instance_id", UUID.class),
                rows.getString("instance"),
                List.of((String[]) rows.getArray("databases").getArray()),
                rows.getString("selection"),
                rows.getObject("run_id", UUID.class),
                rows.getString("kind"),
                rows.getString("state"),
                rows.getString("store"),
                rows.getString("location"),
                rows.getTimestamp("taken_at").toInstant(),
                rows.getTimestamp("ended_at").toInstant(),
                rows.getString("server_version"),
                rows.getLong("size_bytes"),
                rows.getLong("stored_bytes"),
                rows.getString("start_lsn"),
                rows.getString("stop_lsn"),
                rows.getString("recovery_lsn"),
                rows.getInt("timeline"),
                rows.getString("system_identifier"),
                rows.getBoolean("checksums"),
                rows.getLong("checksum_failures"),
                rows.getInt("tablespaces"),
                rows.getString("key_id"),
                rows.getObject("parent_id", UUID.class),
                rows.getString("full_because"),
                List.of((UUID[]) rows.getArray("chain").getArray()),
                rows.getInt("chain_size"),
                hold(rows),
                proof(rows),
                CopyRows.of(rows.getString("copies")));
    }

    private static Backup.@Nullable Hold hold(ResultSet rows) throws SQLException {
        String reason = rows.getString("hold_reason");
        return reason == null ? null : new Backup.Hold(reason, rows.getString("hold_by"));
    }

    private static Backup.@Nullable StoredProof proof(ResultSet rows) throws SQLException {
        UUID id = rows.getObject("proof_id", UUID.class);
        if (id == null) {
            return null;
        }
        long rto = rows.getLong("rto_millis");
        Long measured = rows.wasNull() ? null : rto;
        return new Backup.StoredProof(
                id,
                rows.getObject("proof_run", UUID.class),
                rows.getString("store"),
                rows.getTimestamp("at").toInstant(),
                rows.getInt("level"),
                rows.getString("outcome"),
                measured,
                rows.getString("reason"),
                rows.getString("ladder"),
                rows.getString("not_checked"));
    }
}
