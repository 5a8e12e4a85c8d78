package dev.nightshift.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a server stands to a replication slot of ours, asked over an ordinary session.
 *
 * @param at by the server's clock, before the position was read
 * @param position every transaction that was acknowledged by then lies before it; on a standby, as far as it has replayed
 * @param standby whether the server is one: then {@code at} is the time of the last transaction that it replayed
 * @param exists whether there is a slot of this name
 * @param active whether somebody streams from it
 * @param walStatus reserved, extended, unreserved or lost (manual, pg_replication_slots); null without a slot
 * @param retainedBytes of log that the server keeps for it; null where it holds none
 */
public record SlotStatus(
        @Nullable Instant at,
        Lsn position,
        boolean standby,
        boolean exists,
        boolean active,
        @Nullable String walStatus,
        @Nullable Long retainedBytes) {
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** PREPARE TRANSACTION is acknowledged and changes no snapshot. A server that was set back was started again. */
    private static final String PRIMARY = """
            select pg_catalog.pg_current_wal_insert_lsn()::text,
                   (select extract(epoch from pg_catalog.pg_postmaster_start_time())::text || ' ' || pg_catalog.pg_snapshot_xmax(s)::text
                      from pg_catalog.pg_current_snapshot() s
                     where pg_catalog.pg_snapshot_xmin(s) = pg_catalog.pg_snapshot_xmax(s)
                       and not exists (select from pg_catalog.pg_prepared_xacts))
            """;

    /** Whether the server has given it up: nobody can stream from it any more. */
    public boolean lost() {
        return "lost".equals(walStatus);
    }

    /**
     * Asks.
     *
     * @throws SQLException if the server is not reached, or refuses
     */
    public static SlotStatus look(Endpoint endpoint, String slot) throws SQLException {
        try (Connection connection = Connector.connect(endpoint, DEADLINE)) {
            Moment moment = moment(connection);
            try (var query = connection.prepareStatement("""
                    select active, wal_status, pg_catalog.pg_wal_lsn_diff(?::pg_catalog.pg_lsn, restart_lsn)::bigint
                      from pg_catalog.pg_replication_slots where slot_name = ?
                    """)) {
                query.setString(1, moment.position().toString());
                query.setString(2, slot);
                try (ResultSet row = query.executeQuery()) {
                    boolean exists = row.next();
                    return new SlotStatus(
                            moment.at(),
                            moment.position(),
                            moment.standby(),
                            exists,
                            exists && row.getBoolean(1),
                            exists ? row.getString(2) : null,
                            exists ? row.getObject(3, Long.class) : null);
                }
            }
        }
    }

    /**
     * Has the server keep nothing for a slot any more; none of this name is no error. Over an ordinary session, as a server whose
     * walsenders are all in use has none for this.
     *
     * @throws SQLException if the server is not reached, or refuses: while somebody streams from the slot it does
     */
    public static void drop(Endpoint endpoint, String slot) throws SQLException {
        try (Connection connection = Connector.connect(endpoint, DEADLINE);
                var drop = connection.prepareStatement("""
                        select pg_catalog.pg_drop_replication_slot(slot_name) from pg_catalog.pg_replication_slots
                         where slot_name = ?
                        """)) {
            drop.setString(1, slot);
            drop.execute();
        }
    }

    /**
     * Drops a slot that the server has given up: some of those, such as one of PostgreSQL 18 that nobody came for too long, still
     * tell a position to whoever asks in order to stream.
     *
     * @throws SQLException if the server is not reached, or refuses
     */
    public static void dropLost(Endpoint endpoint, String slot) throws SQLException {
        try (Connection connection = Connector.connect(endpoint, DEADLINE);
                var drop = connection.prepareStatement("""
                        select pg_catalog.pg_drop_replication_slot(slot_name) from pg_catalog.pg_replication_slots
                         where slot_name = ? and wal_status = 'lost'
                        """)) {
            drop.setString(1, slot);
            drop.execute();
        }
    }

    /**
     * A position that was reached at a time.
     *
     * @param ended how many transactions had ended in between, see {@link LogPosition}
     */
    record Moment(
            @Nullable Instant at,
            Lsn position,
            boolean standby,
            @Nullable String ended) {}

    /**
     * In two statements: one alone does not say which of its parts is computed first. The second one's snapshot is taken before any
     * of it is computed, so it lies between time and position.
     */
    static Moment moment(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            boolean standby;
            Instant at;
            try (ResultSet row = statement.executeQuery("""
                    select pg_catalog.pg_is_in_recovery(),
                           case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_xact_replay_timestamp()
                                else pg_catalog.clock_timestamp() end
                    """)) {
                row.next();
                standby = row.getBoolean(1);
                at = row.getTimestamp(2) == null ? null : row.getTimestamp(2).toInstant();
            }
            try (ResultSet row = statement.executeQuery(
                    standby ? "select pg_catalog.pg_last_wal_replay_lsn()::text, null" : PRIMARY)) {
                row.next();
                return new Moment(at, Lsn.parse(row.getString(1)), standby, row.getString(2));
            }
        }
    }
}
