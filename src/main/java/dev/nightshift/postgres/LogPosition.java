package dev.nightshift.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where a server's log is, and whose it is, asked over an ordinary session.
 *
 * @param at by the server's clock, before the position was read; on a standby the time of the last transaction that it replayed
 * @param position every transaction that was acknowledged by then lies before it; on a standby, as far as it has replayed
 * @param standby whether the server is in recovery
 * @param ended stands for the transactions that had ended since the server's start: those that had by {@code at} are among
 *     them, and all of them lie before {@code position}. A later look that says the same found no other: what commits and has
 *     written anything, a sequence's step too, had a transaction id, and the snapshot's end lies behind it from then on. Null on a
 *     standby, while an older transaction runs, and while one is prepared, as that moves no snapshot
 * @param timeline that the position is on; on a standby as of its last restart point
 * @param systemIdentifier of the cluster; null where the role may not ask for it
 * @param segmentBytes of the server's log
 * @param archiver what its archiver has done
 */
public record LogPosition(
        @Nullable Instant at,
        Lsn position,
        boolean standby,
        @Nullable String ended,
        int timeline,
        @Nullable String systemIdentifier,
        int segmentBytes,
        ArchiverStatus archiver) {
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /**
     * Asks.
     *
     * @throws SQLException if the server is not reached, or refuses
     */
    public static LogPosition look(Endpoint endpoint) throws SQLException {
        try (Connection connection = Connector.connect(endpoint, DEADLINE)) {
            SlotStatus.Moment moment = SlotStatus.moment(connection);
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("""
                            select case when pg_catalog.pg_is_in_recovery()
                                        then (select timeline_id from pg_catalog.pg_control_checkpoint())
                                        else ('x' || substr(pg_catalog.pg_walfile_name(
                                                 pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int end,
                                   case when has_function_privilege('pg_catalog.pg_control_system()', 'execute')
                                        then (select system_identifier::text from pg_catalog.pg_control_system()) end,
                                   (select setting::int from pg_catalog.pg_settings where name = 'wal_segment_size'),
                                   current_setting('archive_mode') <> 'off', last_archived_wal, last_archived_time,
                                   last_failed_wal, last_failed_time
                              from pg_catalog.pg_stat_archiver
                            """)) {
                row.next();
                return new LogPosition(
                        moment.at(),
                        moment.position(),
                        moment.standby(),
                        moment.ended(),
                        row.getInt(1),
                        row.getString(2),
                        row.getInt(3),
                        new ArchiverStatus(
                                row.getBoolean(4),
                                row.getString(5),
                                instant(row.getTimestamp(6)),
                                row.getString(7),
                                instant(row.getTimestamp(8))));
            }
        }
    }

    private static @Nullable Instant instant(@Nullable Timestamp at) {
        return at == null ? null : at.toInstant();
    }
}
