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
    void insert(Connection connection, TargetRun target, UUID database, TableResult table) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into maintenance.vacuumed_table (project_id, run_id, database_id, table_name, why, outcome, reason,
                    dead_before, dead_after, bytes_before, bytes_after, duration_millis)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)) {
            insert.setObject(1, target.project().value());
            insert.setObject(2, target.runId());
            insert.setObject(3, database);
            insert.setString(4, table.table());
            insert.setString(5, table.action() + ": " + String.join("; ", table.why()));
            insert.setString(6, table.outcome().name());
            insert.setString(7, table.reason());
            figures(insert, 8, table.before(), table.after());
            insert.setLong(12, table.duration().toMillis());
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
