package dev.nightshift.maintenance;

import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What became of each table, before and after. */
@ApplicationScoped
class VacuumedTables {
    void insert(Connection connection, UUID id, TargetRun target, UUID database, TableResult table)
            throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into maintenance.vacuumed_table (id, project_id, run_id, database_id, table_name, why, outcome, reason,
                    dead_before, dead_after, bytes_before, bytes_after, duration_millis)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing
                """)) {
            insert.setObject(1, id);
            insert.setObject(2, target.project().value());
            insert.setObject(3, target.runId());
            insert.setObject(4, database);
            insert.setString(5, table.table());
            insert.setString(6, table.action() + ": " + String.join("; ", table.why()));
            insert.setString(7, table.outcome().name());
            insert.setString(8, table.reason());
            figures(insert, 9, table.before(), table.after());
            insert.setLong(13, table.duration().toMillis());
            insert.executeUpdate();
        }
    }

    private static void figures(
            PreparedStatement insert, int at, @Nullable TableFigures before, @Nullable TableFigures after)
            throws SQLException {
        insert.setObject(at, before == null ? null : before.deadRows(), Types.BIGINT);
        insert.setObject(at + 1, after == null ? null : after.deadRows(), Types.BIGINT);
        insert.setObject(at + 2, bytes(before), Types.BIGINT);
        insert.setObject(at + 3, bytes(after), Types.BIGINT);
    }

    private static @Nullable Long bytes(@Nullable TableFigures figures) {
        Bytes size = figures == null ? null : figures.size();
        return size == null ? null : size.value();
    }
}
