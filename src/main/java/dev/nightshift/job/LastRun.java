package dev.nightshift.job;

import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What a person or a key last asked of a job.
 *
 * @param id of that run
 * @param databases by name; those that the project still has
 */
@Schema(name = "LastRun")
public record LastRun(
        UUID id,
        String job,
        RunRequest.Trigger trigger,
        String triggeredBy,
        Instant createdAt,
        List<String> databases,
        JsonObject parameters) {
    static Optional<LastRun> of(Connection connection, String job) throws SQLException {
        try (var query = connection.prepareStatement("""
                select r.id, r.trigger, r.triggered_by, r.created_at, r.parameters,
                       array(select d.name from job.run_database d
                               join fleet.database f on f.project_id = d.project_id and f.name = d.name and f.deleted_at is null
                              where d.project_id = r.project_id and d.run_id = r.id order by d.name) as databases
                  from job.run r
                 where r.job = ? and r.trigger in ('PERSON', 'KEY') order by r.id desc limit 1
                """)) {
            query.setString(1, job);
            try (var row = query.executeQuery()) {
                return row.next()
                        ? Optional.of(new LastRun(
                                row.getObject("id", UUID.class),
                                job,
                                RunRequest.Trigger.valueOf(row.getString("trigger")),
                                row.getString("triggered_by"),
                                row.getTimestamp("created_at").toInstant(),
                                List.of((String[]) row.getArray("databases").getArray()),
                                JsonText.object(row.getString("parameters"))))
                        : Optional.empty();
            }
        }
    }
}
