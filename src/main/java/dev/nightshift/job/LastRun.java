package dev.nightshift.job;

import jakarta.json.Json;
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
 * @param databases as it was asked: {@code *}, tags, and the names that the project still has
 * @param parameters without what is meant for once, such as working outside of maintenance windows
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
                       array(select w.word
                               from unnest(coalesce(r.asked, array(select d.name from job.run_database d
                                                                    where d.project_id = r.project_id and d.run_id = r.id
                                                                    order by d.name))) with ordinality as w (word, n)
                              where w.word = '*' or w.word like 'tag:%'
                                 or exists (select from fleet.database f
                                             where f.project_id = r.project_id and f.name = w.word and f.deleted_at is null)
                              order by w.n) as databases
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
                                lasting(JsonText.object(row.getString("parameters")))))
                        : Optional.empty();
            }
        }
    }

    /** What two people agreed on was for that run alone. */
    private static final String DELETION_REQUEST = "deletionRequest";

    private static JsonObject lasting(JsonObject parameters) {
        return Json.createObjectBuilder(parameters)
                .remove(WindowGate.OUTSIDE)
                .remove(DELETION_REQUEST)
                .build();
    }
}
