package dev.nightshift.backup;

import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.SlotStatus;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The catalogue of archived log, within the transaction whose connection is passed. */
@ApplicationScoped
class WalRepository {
    /**
     * One that a node has to run, or to end.
     *
     * @param unseen whether nobody has asked its server for minutes
     */
    record Wanted(ProjectId project, UUID instance, boolean unseen) {}

    /**
     * An archive in a store.
     *
     * @param location its folder there
     * @param endedBecause why nothing more belongs into it; null while that is not so
     */
    record Archive(
            UUID id,
            String systemIdentifier,
            int segmentBytes,
            String store,
            String location,
            @Nullable String endedBecause) {}

    /**
     * Log that is stored without a gap.
     *
     * @param objects that were stored for it, pieces that went since included
     * @param bytes of these objects
     * @param coveredTo the server's clock: all that it had acknowledged by then is stored; null while that is not known
     * @param gap why log is missing before it; null where none is
     */
    record Stretch(
            int timeline,
            Lsn from,
            Lsn to,
            long objects,
            long bytes,
            Instant begunAt,
            @Nullable Instant coveredTo,
            @Nullable String gap) {}

    static List<Wanted> wanted(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement(
                        "select project_id, instance_id, unseen from backup.wal_services()");
                var rows = query.executeQuery()) {
            List<Wanted> wanted = new ArrayList<>();
            while (rows.next()) {
                wanted.add(new Wanted(
                        new ProjectId(rows.getObject(1, UUID.class)),
                        rows.getObject(2, UUID.class),
                        rows.getBoolean(3)));
            }
            return wanted;
        }
    }

    Optional<WalService> service(Connection connection, ProjectId project, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("""
                select enabled, piece_seconds, retained_limit_bytes, give_up, rpo_goal_seconds, store, method, slot, state, message, state_at,
                       chosen_at,
                       archive_id, retained_bytes, slot_status, looked_at
                  from backup.wal_service where instance_id = ?
                """)) {
            query.setObject(1, instance);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.of(service(row, project, instance)) : Optional.empty();
            }
        }
    }

    private static WalService service(ResultSet row, ProjectId project, UUID instance) throws SQLException {
        return new WalService(
                project,
                instance,
                row.getBoolean("enabled"),
                new WalService.Settings(
                        row.getInt("piece_seconds"),
                        row.getLong("retained_limit_bytes"),
                        row.getBoolean("give_up"),
                        row.getInt("rpo_goal_seconds"),
                        row.getString("store"),
                        WalService.Method.valueOf(row.getString("method"))),
                row.getString("slot"),
                WalService.State.valueOf(row.getString("state")),
                row.getString("message"),
                row.getTimestamp("state_at").toInstant(),
                row.getTimestamp("chosen_at").toInstant(),
                row.getObject("archive_id", UUID.class),
                row.getObject("retained_bytes", Long.class),
                row.getString("slot_status"),
                instant(row.getTimestamp("looked_at")));
    }

    private static @Nullable Instant instant(@Nullable Timestamp at) {
        return at == null ? null : at.toInstant();
    }

    /** Enters what people chose; switching on begins anew whatever was before, switching off leaves the slot to be dropped. */
    void choose(Connection connection, ProjectId project, UUID instance, boolean enabled, WalService.Settings settings)
            throws SQLException {
        try (var upsert = connection.prepareStatement("""
                insert into backup.wal_service as s (project_id, instance_id, enabled, piece_seconds, retained_limit_bytes,
                                                     give_up, rpo_goal_seconds, store, method, slot, state)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, case when ? then 'STARTING' else 'OFF' end)
                on conflict (project_id, instance_id) do update
                   set enabled = excluded.enabled, piece_seconds = excluded.piece_seconds,
                       retained_limit_bytes = excluded.retained_limit_bytes, give_up = excluded.give_up,
                       rpo_goal_seconds = excluded.rpo_goal_seconds,
                       store = excluded.store, method = excluded.method,
                       state = case when excluded.enabled and s.state in ('OFF', 'GIVING_UP', 'GIVEN_UP', 'STOPPING') then 'STARTING'
                                    when not excluded.enabled and s.state <> 'OFF' then 'STOPPING'
                                    else s.state end,
                       message = case when excluded.enabled = s.enabled and s.state <> 'GIVEN_UP' then s.message end,
                       state_at = case when excluded.enabled = s.enabled and s.state <> 'GIVEN_UP' then s.state_at
                                       else now() end,
                       chosen_at = case when excluded.enabled = s.enabled and s.state <> 'GIVEN_UP' then s.chosen_at
                                        else now() end,
                       refused_timeline = case when excluded.enabled = s.enabled then s.refused_timeline end,
                       refused_from = case when excluded.enabled = s.enabled then s.refused_from end
                """)) {
            upsert.setObject(1, project.value());
            upsert.setObject(2, instance);
            upsert.setBoolean(3, enabled);
            upsert.setInt(4, settings.pieceSeconds());
            upsert.setLong(5, settings.retainedLimitBytes());
            upsert.setBoolean(6, settings.giveUp());
            upsert.setInt(7, settings.rpoGoalSeconds());
            upsert.setString(8, settings.store());
            upsert.setString(9, settings.method().name());
            upsert.setString(10, WalService.slot(instance));
            upsert.setBoolean(11, enabled);
            upsert.executeUpdate();
        }
    }

    /** How it goes from now on. Someone who switched it off meanwhile, or gave it up, has the last word. */
    void state(Connection connection, UUID instance, UUID node, WalService.State state, @Nullable String message)
            throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_service
                   set state_at = case when state = ? then state_at else now() end, state = ?, message = ?, node_id = ?
                 where instance_id = ? and (enabled or ? in ('OFF', 'STOPPING'))
                   and (state not in ('GIVING_UP', 'GIVEN_UP') or ? = 'GIVEN_UP')
                   and (? <> 'RECEIVING' or refused_timeline is null)
                   and (state, coalesce(message, '')) is distinct from (?, ?)
                """)) {
            update.setString(1, state.name());
            update.setString(2, state.name());
            update.setString(3, message);
            update.setObject(4, node);
            update.setObject(5, instance);
            update.setString(6, state.name());
            update.setString(7, state.name());
            update.setString(8, state.name());
            update.setString(9, state.name());
            update.setString(10, message == null ? "" : message);
            update.executeUpdate();
        }
    }

    /** What the server said of the slot. */
    void looked(Connection connection, UUID instance, SlotStatus status) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_service set retained_bytes = ?, slot_status = ?, looked_at = now() where instance_id = ?
                """)) {
            update.setObject(1, status.retainedBytes());
            update.setString(2, status.walStatus());
            update.setObject(3, instance);
            update.executeUpdate();
        }
    }

    /** Nothing more belongs into this archive. */
    void end(Connection connection, UUID archive, String reason) throws SQLException {
        try (var update = connection.prepareStatement("update backup.wal_archive set ended_because = ? where id = ?")) {
            update.setString(1, reason);
            update.setObject(2, archive);
            update.executeUpdate();
        }
    }

    /** An instance's archives, the newest first. */
    List<Archive> archives(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("""
                select id, system_identifier, segment_bytes, store, location, ended_because from backup.wal_archive
                 where instance_id = ? order by id desc
                """)) {
            query.setObject(1, instance);
            List<Archive> archives = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    archives.add(new Archive(
                            rows.getObject(1, UUID.class),
                            rows.getString(2),
                            rows.getInt(3),
                            rows.getString(4),
                            rows.getString(5),
                            rows.getString(6)));
                }
            }
            return archives;
        }
    }

    void begin(Connection connection, ProjectId project, UUID instance, Archive archive, String keyId)
            throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.wal_archive (id, project_id, instance_id, system_identifier, segment_bytes, store, location,
                                                key_id)
                values (?, ?, ?, ?, ?, ?, ?, ?)
                """)) {
            insert.setObject(1, archive.id());
            insert.setObject(2, project.value());
            insert.setObject(3, instance);
            insert.setString(4, archive.systemIdentifier());
            insert.setInt(5, archive.segmentBytes());
            insert.setString(6, archive.store());
            insert.setString(7, archive.location());
            insert.setString(8, keyId);
            insert.executeUpdate();
        } catch (SQLException e) {
            if (BackupEntries.NO_SUCH_KEY.equals(e.getSQLState())) {
                throw new Failure.Retryable("The key that wraps the archive was destroyed meanwhile.", null, e);
            }
            throw e;
        }
    }

    void writesTo(Connection connection, UUID instance, UUID archive) throws SQLException {
        try (var update =
                connection.prepareStatement("update backup.wal_service set archive_id = ? where instance_id = ?")) {
            update.setObject(1, archive);
            update.setObject(2, instance);
            update.executeUpdate();
        }
    }

    /** The end of an archive, which of its stretches that is of, and the transactions that had ended before it, where known. */
    record End(
            long stretch,
            ArchiveWal.Reached reached,
            @Nullable String ended) {}

    Optional<End> end(Connection connection, UUID archive) throws SQLException {
        try (var query = connection.prepareStatement(
                "select id, timeline, to_lsn, covered_snapshot from backup.wal_stretch where archive_id = ? order by id desc limit 1")) {
            query.setObject(1, archive);
            try (var row = query.executeQuery()) {
                return row.next()
                        ? Optional.of(new End(
                                row.getLong(1),
                                new ArchiveWal.Reached(row.getInt(2), Lsn.parse(row.getString(3))),
                                row.getString(4)))
                        : Optional.empty();
            }
        }
    }

    /**
     * The newest moment up to which everything was stored once, else when the archive was begun; empty if it was not.
     *
     * @param pushed what comes first may be hours old then: when it came says nothing
     */
    Optional<Instant> coveredTo(Connection connection, UUID archive, boolean pushed) throws SQLException {
        try (var query = connection.prepareStatement("""
                select coalesce(max(covered_to), case when not ? then min(begun_at) end)
                  from backup.wal_stretch where archive_id = ?
                """)) {
            query.setBoolean(1, pushed);
            query.setObject(2, archive);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.ofNullable(instant(row.getTimestamp(1))) : Optional.empty();
            }
        }
    }

    /** When the first log of an archive was stored; empty if none was. */
    Optional<Instant> begunAt(Connection connection, UUID archive) throws SQLException {
        try (var query =
                connection.prepareStatement("select min(begun_at) from backup.wal_stretch where archive_id = ?")) {
            query.setObject(1, archive);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.ofNullable(instant(row.getTimestamp(1))) : Optional.empty();
            }
        }
    }

    /** The newest stretches of an archive, newest first. */
    List<Stretch> stretches(Connection connection, UUID archive, int most) throws SQLException {
        try (var query = connection.prepareStatement("""
                select timeline, from_lsn, to_lsn, objects, bytes, begun_at, covered_to, gap from backup.wal_stretch
                 where archive_id = ? order by id desc limit ?
                """)) {
            query.setObject(1, archive);
            query.setInt(2, most);
            List<Stretch> stretches = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    stretches.add(new Stretch(
                            rows.getInt(1),
                            Lsn.parse(rows.getString(2)),
                            Lsn.parse(rows.getString(3)),
                            rows.getLong(4),
                            rows.getLong(5),
                            rows.getTimestamp(6).toInstant(),
                            instant(rows.getTimestamp(7)),
                            rows.getString(8)));
                }
            }
            return stretches;
        }
    }

    /** Answers its id. */
    long beginStretch(
            Connection connection, ProjectId project, UUID archive, int timeline, Lsn from, @Nullable String gap)
            throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.wal_stretch (project_id, archive_id, timeline, from_lsn, to_lsn, gap)
                values (?, ?, ?, ?::pg_lsn, ?::pg_lsn, ?)
                returning id
                """)) {
            insert.setObject(1, project.value());
            insert.setObject(2, archive);
            insert.setInt(3, timeline);
            insert.setString(4, from.toString());
            insert.setString(5, from.toString());
            insert.setString(6, gap);
            try (var row = insert.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /** A stretch grew. */
    void grow(Connection connection, long stretch, Lsn to, long objectBytes) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_stretch set to_lsn = greatest(to_lsn, ?::pg_lsn), objects = objects + 1, bytes = bytes + ?
                 where id = ?
                """)) {
            update.setString(1, to.toString());
            update.setLong(2, objectBytes);
            update.setLong(3, stretch);
            update.executeUpdate();
        }
    }

    /** Whether the log that is archived now goes on from this backup without a gap. */
    boolean continues(Connection connection, UUID instance, UUID backup) throws SQLException {
        try (var query = connection.prepareStatement("""
                select from backup.wal_service s
                  join lateral (select t.from_lsn, t.timeline from backup.wal_stretch t
                                 where t.archive_id = s.archive_id order by t.id desc limit 1) newest on true
                  join backup.backup b on b.id = ?
                 where s.instance_id = ? and newest.timeline = b.timeline and newest.from_lsn <= b.recovery_lsn
                """)) {
            query.setObject(1, backup);
            query.setObject(2, instance);
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    /** All that the server had acknowledged by then is in this stretch, or before it; all that had ended too, where that is known. */
    void covered(Connection connection, long stretch, Instant to, @Nullable String ended) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_stretch
                   set covered_to = greatest(covered_to, ?), covered_snapshot = coalesce(?, covered_snapshot)
                 where id = ?
                """)) {
            update.setTimestamp(1, Timestamp.from(to));
            update.setString(2, ended);
            update.setLong(3, stretch);
            update.executeUpdate();
        }
    }
}
