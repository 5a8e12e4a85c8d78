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
                    all.add(new AdoptedBackup(
                            rows.getString(1),
                            AdoptedBackup.Kind.valueOf(rows.getString(2)),
                            rows.getString(3),
                            rows.getBoolean(4),
                            instant(rows, 5),
                            instant(rows, 6),
                            rows.getObject(7, Long.class),
                            rows.getObject(8, Long.class)));
                }
                return all;
            }
        }
    }

    private static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
        Timestamp at = row.getTimestamp(column);
        return at == null ? null : at.toInstant();
    }
}
