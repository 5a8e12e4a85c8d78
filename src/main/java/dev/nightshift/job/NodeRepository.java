package dev.nightshift.job;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Nodes as people see and steer them, in transactions of the installation. */
final class NodeRepository {
    private NodeRepository() {}

    /**
     * A node.
     *
     * @param draining whether it took no new runs at its last heartbeat, or was asked not to since
     * @param drainAsked whether somebody asked it to drain
     * @param clockOffset how far its clock is ahead of the database's; null before it was measured
     */
    record State(
            UUID id,
            String name,
            String version,
            Instant startedAt,
            Instant lastHeartbeat,
            Duration silence,
            boolean alive,
            boolean draining,
            boolean drainAsked,
            @Nullable Double systemLoad,
            @Nullable Long heapUsed,
            @Nullable Long heapMax,
            @Nullable Duration clockOffset,
            long runs,
            long targets) {}

    private static final String NODE = """
            select id, name, version, started_at, heartbeat_at,
                   greatest(extract(epoch from now() - heartbeat_at) * 1000, 0)::bigint as silence,
                   heartbeat_at > now() - make_interval(secs => ?) as alive, draining, drain_asked,
                   system_load, heap_used, heap_max, clock_offset_millis,
                   job.runs_of_node(id) as runs, job.targets_of_node(id) as targets
              from job.node where stopped_at is null and heartbeat_at > now() - interval '1 day'
            """;

    /** The nodes of the last day that were not stopped on purpose, the living first. */
    static List<State> all(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement(NODE + " order by alive desc, started_at desc limit 200")) {
            query.setLong(1, Leases.TERM.toSeconds());
            var nodes = new ArrayList<State>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    nodes.add(state(rows));
                }
            }
            return nodes;
        }
    }

    static Optional<State> find(Connection connection, UUID id) throws SQLException {
        try (var query = connection.prepareStatement(NODE + " and id = ?")) {
            query.setLong(1, Leases.TERM.toSeconds());
            query.setObject(2, id);
            try (var rows = query.executeQuery()) {
                return rows.next() ? Optional.of(state(rows)) : Optional.empty();
            }
        }
    }

    /** The node reads it with its next heartbeat. */
    static void askToDrain(Connection connection, UUID id, boolean drain) throws SQLException {
        try (var update = connection.prepareStatement(
                "update job.node set drain_asked = ?, draining = draining or ? where id = ?")) {
            update.setBoolean(1, drain);
            update.setBoolean(2, drain);
            update.setObject(3, id);
            update.executeUpdate();
        }
    }

    private static State state(ResultSet rows) throws SQLException {
        Long offset = rows.getObject("clock_offset_millis", Long.class);
        return new State(
                rows.getObject("id", UUID.class),
                rows.getString("name"),
                rows.getString("version"),
                rows.getTimestamp("started_at").toInstant(),
                rows.getTimestamp("heartbeat_at").toInstant(),
                Duration.ofMillis(rows.getLong("silence")),
                rows.getBoolean("alive"),
                rows.getBoolean("draining"),
                rows.getBoolean("drain_asked"),
                rows.getObject("system_load", Double.class),
                rows.getObject("heap_used", Long.class),
                rows.getObject("heap_max", Long.class),
                offset == null ? null : Duration.ofMillis(offset),
                rows.getLong("runs"),
                rows.getLong("targets"));
    }
}
