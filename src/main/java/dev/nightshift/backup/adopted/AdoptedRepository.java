package dev.nightshift.backup.adopted;

import dev.nightshift.kernel.ProjectId;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The rows of backup.adopted_report and backup.adopted_backup. */
final class AdoptedRepository {
    private AdoptedRepository() {}

    /**
     * What a tool has told of an instance.
     *
     * @param name the tool's own for the server
     */
    record Told(ToolReport.Tool tool, String name, Instant at, String by) {}

    /**
     * A backup of any instance of the project.
     *
     * @param instance its name
     */
    record Listed(String instance, Told told, AdoptedBackup backup, ListedPlace place) {}

    /** Takes a report in the place of the tool's last one. */
    static void replace(
            Connection connection,
            ProjectId project,
            UUID instance,
            ToolReport.Tool tool,
            ToolReport report,
            String by,
            Instant at)
            throws SQLException {
        try (var upsert = connection.prepareStatement("""
                insert into backup.adopted_report (project_id, instance_id, tool, name, reported_at, reported_by)
                values (?, ?, ?, ?, ?, ?)
                on conflict (project_id, instance_id, tool)
                    do update set name = excluded.name, reported_at = excluded.reported_at, reported_by = excluded.reported_by
                """)) {
            upsert.setObject(1, project.value());
            upsert.setObject(2, instance);
            upsert.setString(3, tool.name());
            upsert.setString(4, report.name());
            upsert.setTimestamp(5, Timestamp.from(at));
            upsert.setString(6, by);
            upsert.executeUpdate();
        }
        delete(connection, "backup.adopted_backup", instance, tool);
        try (var insert = connection.prepareStatement("""
                insert into backup.adopted_backup (project_id, instance_id, tool, label, kind, parent, failed, started_at,
                    ended_at, size_bytes, stored_bytes)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)) {
            for (AdoptedBackup backup : report.backups()) {
                insert.setObject(1, project.value());
                insert.setObject(2, instance);
                insert.setString(3, tool.name());
                insert.setString(4, backup.label());
                insert.setString(5, backup.kind().name());
                insert.setString(6, backup.parent());
                insert.setBoolean(7, backup.failed());
                insert.setTimestamp(8, timestamp(backup.startedAt()));
                insert.setTimestamp(9, timestamp(backup.endedAt()));
                insert.setObject(10, backup.sizeBytes(), Types.BIGINT);
                insert.setObject(11, backup.storedBytes(), Types.BIGINT);
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    private static @Nullable Timestamp timestamp(@Nullable Instant at) {
        return at == null ? null : Timestamp.from(at);
    }

    /** False if the tool had told nothing. */
    static boolean forget(Connection connection, UUID instance, ToolReport.Tool tool) throws SQLException {
        delete(connection, "backup.adopted_backup", instance, tool);
        return delete(connection, "backup.adopted_report", instance, tool) > 0;
    }

    private static int delete(Connection connection, String table, UUID instance, ToolReport.Tool tool)
            throws SQLException {
        try (var delete = connection.prepareStatement("delete from " + table + " where instance_id = ? and tool = ?")) {
            delete.setObject(1, instance);
            delete.setString(2, tool.name());
            return delete.executeUpdate();
        }
    }

    static Optional<Told> told(Connection connection, UUID instance, ToolReport.Tool tool) throws SQLException {
        try (var query = connection.prepareStatement("select name, reported_at, reported_by from backup.adopted_report"
                + " where instance_id = ? and tool = ?")) {
            query.setObject(1, instance);
            query.setString(2, tool.name());
            try (var row = query.executeQuery()) {
                return row.next()
                        ? Optional.of(new Told(
                                tool, row.getString(1), row.getTimestamp(2).toInstant(), row.getString(3)))
                        : Optional.empty();
            }
        }
    }

    /** The newest first; those that are not over before all. */
    static List<AdoptedBackup> backups(Connection connection, UUID instance, ToolReport.Tool tool) throws SQLException {
        try (var query = connection.prepareStatement("""
                select label, kind, parent, failed, started_at, ended_at, size_bytes, stored_bytes
                  from backup.adopted_backup where instance_id = ? and tool = ?
                 order by ended_at desc nulls first, label desc
                """)) {
            query.setObject(1, instance);
            query.setString(2, tool.name());
            try (var rows = query.executeQuery()) {
                List<AdoptedBackup> all = new ArrayList<>();
                while (rows.next()) {
                    all.add(backup(rows));
                }
                return all;
            }
        }
    }

    /**
     * Those of all instances that are not deleted, in the order of {@link ListedPlace}, of one database's or instance's name if
     * given. A reading of what was told: a tool that is slow or fails where it runs holds nobody up here.
     */
    static List<Listed> listed(
            Connection connection,
            @Nullable String database,
            @Nullable String instance,
            @Nullable ListedPlace after,
            int limit)
            throws SQLException {
        try (var query = connection.prepareStatement("""
                select i.name as instance, b.instance_id, b.tool, r.name, r.reported_at, r.reported_by,
                       coalesce(b.ended_at, r.reported_at) as at, b.label, b.kind, b.parent, b.failed, b.started_at, b.ended_at,
                       b.size_bytes, b.stored_bytes
                  from backup.adopted_backup b
                  join backup.adopted_report r using (project_id, instance_id, tool)
                  join fleet.instance i on i.project_id = b.project_id and i.id = b.instance_id and i.deleted_at is null
                 where (?::timestamptz is null
                        or (coalesce(b.ended_at, r.reported_at), b.instance_id, b.tool, b.label)
                            < (?::timestamptz, ?::uuid, ?::text, ?::text))
                   and (?::text is null or i.name = ?::text)
                   and (?::text is null or exists (select from fleet.database d
                         where d.project_id = i.project_id and d.instance_id = i.id and d.name = ?::text))
                 order by at desc, b.instance_id desc, b.tool desc, b.label desc limit ?
                """)) {
            Timestamp at = after == null ? null : Timestamp.from(after.at());
            query.setTimestamp(1, at);
            query.setTimestamp(2, at);
            query.setObject(3, after == null ? null : after.instance());
            query.setString(4, after == null ? null : after.tool().name());
            query.setString(5, after == null ? null : after.label());
            query.setString(6, instance);
            query.setString(7, instance);
            query.setString(8, database);
            query.setString(9, database);
            query.setInt(10, limit);
            try (var rows = query.executeQuery()) {
                List<Listed> all = new ArrayList<>();
                while (rows.next()) {
                    all.add(listed(rows));
                }
                return all;
            }
        }
    }

    private static Listed listed(ResultSet row) throws SQLException {
        var tool = ToolReport.Tool.valueOf(row.getString("tool"));
        return new Listed(
                row.getString("instance"),
                new Told(
                        tool,
                        row.getString("name"),
                        row.getTimestamp("reported_at").toInstant(),
                        row.getString("reported_by")),
                backup(row),
                new ListedPlace(
                        row.getTimestamp("at").toInstant(),
                        row.getObject("instance_id", UUID.class),
                        tool,
                        row.getString("label")));
    }

    private static AdoptedBackup backup(ResultSet row) throws SQLException {
        return new AdoptedBackup(
                row.getString("label"),
                AdoptedBackup.Kind.valueOf(row.getString("kind")),
                row.getString("parent"),
                row.getBoolean("failed"),
                instant(row, "started_at"),
                instant(row, "ended_at"),
                row.getObject("size_bytes", Long.class),
                row.getObject("stored_bytes", Long.class));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        Timestamp at = row.getTimestamp(column);
        return at == null ? null : at.toInstant();
    }
}
