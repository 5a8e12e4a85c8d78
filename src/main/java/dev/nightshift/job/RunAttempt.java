package dev.nightshift.job;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * One try at a run by a node, as people see it.
 *
 * @param number 1 for the first
 * @param cause null for attempts of earlier versions, which did not say
 * @param by the person or key that asked for a retry; null otherwise: the run says who asked for the first
 * @param startedAt when the node took it
 * @param endedAt null while it is under way
 */
@Schema(name = "RunAttempt")
public record RunAttempt(
        int number,
        String node,
        @Nullable Cause cause,
        @Nullable String by,
        Instant startedAt,
        @Nullable Instant endedAt) {
    /** Why an attempt is made. */
    public enum Cause {
        FIRST,
        /** Its node died, left or let go of it. */
        RECOVERY,
        /** A person or a key restarted the run. */
        RETRY,
        /** A maintenance window opened for targets that had to wait. */
        WINDOW,
        /** Targets whose servers others worked on had let the others of the run pass. */
        LOCK;

        /** True where the attempt before it put targets back. */
        boolean isHeldBack() {
            return this == WINDOW || this == LOCK;
        }
    }

    /** Those of a run, the first one first. */
    static List<RunAttempt> of(Connection connection, UUID run) throws SQLException {
        try (var query = connection.prepareStatement("""
                select a.number, n.name, a.cause, a.caused_by, a.created_at, a.ended_at
                  from job.attempt a join job.node n on n.id = a.node_id where a.run_id = ? order by a.number
                """)) {
            query.setObject(1, run);
            List<RunAttempt> attempts = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    String cause = rows.getString("cause");
                    var ended = rows.getTimestamp("ended_at");
                    attempts.add(new RunAttempt(
                            rows.getInt("number"),
                            rows.getString("name"),
                            cause == null ? null : Cause.valueOf(cause),
                            rows.getString("caused_by"),
                            rows.getTimestamp("created_at").toInstant(),
                            ended == null ? null : ended.toInstant()));
                }
            }
            return attempts;
        }
    }
}
