package dev.nightshift.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a server is within its cluster, asked over a short session of its own, outside of every pool.
 *
 * @param primary that it takes writes; a standby is in recovery
 * @param timeline that it writes; on a standby as of its last restart point, 0 where the role may not ask for it
 * @param systemIdentifier of the cluster, the same on its standbys; null where the role may not ask for it
 */
public record Standing(
        boolean primary, int timeline, @Nullable String systemIdentifier) {
    /** Whoever asks waits for it before work begins. */
    public static final Duration DEADLINE = Duration.ofSeconds(5);

    /**
     * Asks.
     *
     * @throws SQLException if the server is not reached within the deadline, or refuses
     */
    public static Standing look(Endpoint endpoint) throws SQLException {
        Duration own = endpoint.connectTimeout();
        try (Connection connection = Connector.connect(endpoint, own.compareTo(DEADLINE) < 0 ? own : DEADLINE);
                Statement statement = connection.createStatement();
                // The name of the segment has the timeline in front, which every role may ask for
                ResultSet row = statement.executeQuery("""
                        select not pg_catalog.pg_is_in_recovery(),
                               case when not pg_catalog.pg_is_in_recovery()
                                    then ('x' || substr(pg_catalog.pg_walfile_name(
                                             pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int
                                    when has_function_privilege('pg_catalog.pg_control_checkpoint()', 'execute')
                                    then (select timeline_id from pg_catalog.pg_control_checkpoint())
                                    else 0 end,
                               case when has_function_privilege('pg_catalog.pg_control_system()', 'execute')
                                    then (select system_identifier::text from pg_catalog.pg_control_system()) end
                        """)) {
            row.next();
            return new Standing(row.getBoolean(1), row.getInt(2), row.getString(3));
        }
    }
}
