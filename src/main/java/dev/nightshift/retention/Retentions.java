package dev.nightshift.retention;

import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The projects' retentions. */
@ApplicationScoped
class Retentions {
    @Inject
    private Transactions transactions;

    @Inject
    private Audit audit;

    Retention of(ProjectId project) {
        return transactions.in(project, connection -> read(connection, project, ""));
    }

    /** Changes it, and notes what it was. */
    Retention change(ProjectId project, UnaryOperator<Retention> change) {
        return transactions.in(project, connection -> {
            Retention before = read(connection, project, " for no key update");
            Retention after = change.apply(before);
            try (var update = connection.prepareStatement(
                    "update fleet.project set run_days = ?, log_days = ?, audit_days = ?, keep_runs = ? where id = ?")) {
                update.setInt(1, after.runDays());
                update.setInt(2, after.logDays());
                update.setInt(3, after.auditDays());
                update.setInt(4, after.keepRuns());
                update.setObject(5, project.value());
                update.executeUpdate();
            }
            audit.record(
                    project, "project.retention", "retention", Map.of("old", details(before), "new", details(after)));
            return after;
        });
    }

    private static Map<String, Integer> details(Retention retention) {
        Map<String, Integer> days = new LinkedHashMap<>();
        days.put("runDays", retention.runDays());
        days.put("logDays", retention.logDays());
        days.put("auditDays", retention.auditDays());
        days.put("keepRuns", retention.keepRuns());
        return days;
    }

    private static Retention read(Connection connection, ProjectId project, String lock) throws SQLException {
        try (var query = connection.prepareStatement(
                "select run_days, log_days, audit_days, keep_runs from fleet.project where id = ? and deleted_at is null"
                        + lock)) {
            query.setObject(1, project.value());
            try (var row = query.executeQuery()) {
                if (!row.next()) {
                    throw new Failure.NotFound("There is no project " + project + ".");
                }
                return new Retention(row.getInt(1), row.getInt(2), row.getInt(3), row.getInt(4));
            }
        }
    }
}
