package dev.nightshift.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A replication slot of a server that stays until somebody drops it, and holds its log until then.
 *
 * @param active whether somebody streams from it
 * @param walStatus reserved, extended, unreserved or lost (manual, pg_replication_slots); null where it holds nothing
 * @param retainedBytes of log that the server keeps for it; null where it holds none
 */
public record LastingSlot(
        String name,
        boolean active,
        @Nullable String walStatus,
        @Nullable Long retainedBytes) {
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    /** Far more than a server has of one origin. */
    private static final int MOST = 100;

    /**
     * Those of a server whose names match, in their order.
     *
     * @param pattern a regular expression as PostgreSQL reads it
     * @throws SQLException if the server is not reached, or refuses
     */
    public static List<LastingSlot> named(Endpoint endpoint, String pattern) throws SQLException {
        try (Connection connection = Connector.connect(endpoint, DEADLINE);
                var query = connection.prepareStatement("""
                        select slot_name, active, wal_status,
                               pg_catalog.pg_wal_lsn_diff(
                                   case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
                                        else pg_catalog.pg_current_wal_lsn() end, restart_lsn)::bigint
                          from pg_catalog.pg_replication_slots
                         where not temporary and slot_name ~ ? order by slot_name limit ?
                        """)) {
            query.setString(1, pattern);
            query.setInt(2, MOST);
            List<LastingSlot> slots = new ArrayList<>();
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    slots.add(new LastingSlot(
                            row.getString(1), row.getBoolean(2), row.getString(3), row.getObject(4, Long.class)));
                }
            }
            return slots;
        }
    }
}
