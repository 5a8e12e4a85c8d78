package dev.nightshift.runtime;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Pauses the schedules of all projects before the server is there: a repository that was restored knows less than its stores, and
 * somebody should look before anything expires.
 */
final class StartPaused {
    private StartPaused() {}

    /**
     * Does nothing if they are paused. The pause begins with the last sign of life, so that what has been missed since counts as
     * held back and not as late.
     *
     * @param connection as the owner of the repository
     */
    static void pause(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("""
                    insert into job.fleet_pause as last (paused_since, paused_by, paused_why)
                    select coalesce(max(heartbeat_at), now()), 'the launcher', 'Started with NIGHTSHIFT_START_PAUSED'
                      from job.node
                    on conflict (one) do update
                       set paused_since = excluded.paused_since, paused_until = null,
                           paused_by = excluded.paused_by, paused_why = excluded.paused_why
                     where last.paused_until <= now()
                    """);
        }
    }
}
