package dev.nightshift.job;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Nodes, their heartbeats, and the leases they hold. All times are the database's, so that the nodes' clocks do not
 * matter.
 */
@ApplicationScoped
class Leases {
    /** A lease is renewed with every heartbeat and lapses when its node has been silent for this long. */
    static final Duration TERM = Duration.ofSeconds(30);

    @Inject
    private Transactions transactions;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /** A run of some project; what it is, is read under that project. */
    record RunOf(ProjectId project, UUID run) {}

    /** A started run and the attempt that has it. */
    record Held(ProjectId project, UUID run, UUID attempt) {}

    /**
     * What a node hears with its heartbeat.
     *
     * @param renewals how many times in a row it has renewed
     * @param drainAsked whether somebody asked it to drain
     * @param clockOffset how far its clock is ahead of the database's, to about half the round trip
     */
    record Heard(int renewals, boolean drainAsked, Duration clockOffset) {}

    /**
     * Registers the node or renews it, together with all its leases.
     *
     * @param draining whether it drains of itself
     */
    Heard beat(UUID node, String name, String version, boolean draining, Vitals vitals) {
        return transactions.installation(connection -> {
            Duration offset = clockOffset(connection);
            Heard heard;
            try (var upsert = connection.prepareStatement("""
                    insert into job.node (id, name, version, draining, system_load, heap_used, heap_max, clock_offset_millis)
                    values (?, ?, ?, ?, ?, ?, ?, ?)
                    on conflict (id) do update
                       set draining = excluded.draining or job.node.drain_asked, heartbeat_at = now(),
                           system_load = excluded.system_load, heap_used = excluded.heap_used, heap_max = excluded.heap_max,
                           clock_offset_millis = excluded.clock_offset_millis,
                           renewals = case when job.node.heartbeat_at > now() - make_interval(secs => ?)
                                           then job.node.renewals + 1 else 0 end
                    returning renewals, drain_asked
                    """)) {
                upsert.setObject(1, node);
                upsert.setString(2, name);
                upsert.setString(3, version);
                upsert.setBoolean(4, draining);
                upsert.setObject(5, vitals.systemLoad());
                upsert.setLong(6, vitals.heapUsed());
                upsert.setLong(7, vitals.heapMax());
                upsert.setLong(8, offset.toMillis());
                upsert.setLong(9, TERM.toSeconds());
                try (var rows = upsert.executeQuery()) {
                    rows.next();
                    heard = new Heard(rows.getInt(1), rows.getBoolean(2), offset);
                }
            }
            try (var renew = connection.prepareStatement(
                    "update job.lease set until = now() + make_interval(secs => ?) where node_id = ?")) {
                renew.setLong(1, TERM.toSeconds());
                renew.setObject(2, node);
                renew.executeUpdate();
            }
            return heard;
        });
    }

    /** The database read its clock somewhere between question and answer: in the middle, for want of better. */
    private Duration clockOffset(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("select clock_timestamp()")) {
            Instant asked = clock.now();
            try (var rows = query.executeQuery()) {
                rows.next();
                Instant answered = clock.now();
                Instant middle = asked.plus(Duration.between(asked, answered).dividedBy(2));
                return Duration.between(rows.getTimestamp(1).toInstant(), middle);
            }
        }
    }

    /** The node stops in good order: its runs may be taken over at once. */
    void left(UUID node) {
        transactions.installation(connection -> {
            try (var update = connection.prepareStatement("update job.node set stopped_at = now() where id = ?");
                    var release = connection.prepareStatement("delete from job.lease where node_id = ?")) {
                update.setObject(1, node);
                release.setObject(1, node);
                release.executeUpdate();
                return update.executeUpdate();
            }
        });
    }

    /**
     * Takes the lease of a resource for a holder. One target may be two holders: a node that was declared lost and wakes
     * up does not take its successor's.
     *
     * @return the lease's fence, by which it is released; empty while another one's has not lapsed
     */
    Optional<Long> acquire(String resource, UUID node, UUID holder) {
        return transactions.installation(connection -> {
            try (var upsert = connection.prepareStatement("""
                    insert into job.lease as l (resource, node_id, fence, holder, until)
                    values (?, ?, nextval('job.fence'), ?, now() + make_interval(secs => ?))
                    on conflict (resource) do update
                       set node_id = excluded.node_id, fence = excluded.fence, holder = excluded.holder, until = excluded.until
                     where l.until < now() or l.holder = excluded.holder and l.node_id = excluded.node_id
                    returning fence
                    """)) {
                upsert.setString(1, resource);
                upsert.setObject(2, node);
                upsert.setObject(3, holder);
                upsert.setLong(4, TERM.toSeconds());
                try (var rows = upsert.executeQuery()) {
                    return rows.next() ? Optional.of(rows.getLong(1)) : Optional.<Long>empty();
                }
            }
        });
    }

    /** The target that holds a resource, if its lease has not lapsed. */
    Optional<UUID> holder(String resource) {
        return transactions.installation(connection -> {
            try (var query =
                    connection.prepareStatement("select holder from job.lease where resource = ? and until >= now()")) {
                query.setString(1, resource);
                try (var rows = query.executeQuery()) {
                    return rows.next() ? Optional.of(rows.getObject(1, UUID.class)) : Optional.<UUID>empty();
                }
            }
        });
    }

    /** Gives a lease back, unless it lapsed and somebody took it since. */
    void release(String resource, long fence) {
        transactions.installation(connection -> {
            try (var delete = connection.prepareStatement("delete from job.lease where resource = ? and fence = ?")) {
                delete.setString(1, resource);
                delete.setLong(2, fence);
                return delete.executeUpdate();
            }
        });
    }

    /**
     * Runs that wait for a node, in turns: of each project its oldest, first where the least is under way.
     *
     * @param perProject none of a project that has so many under way
     */
    List<RunOf> waitingRuns(int most, int perProject) {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement("select project_id, run_id from job.waiting_runs(?, ?)")) {
                query.setInt(1, most);
                query.setInt(2, perProject);
                return runs(query);
            }
        });
    }

    /** Says of the runs that wait for others of their project that they do. */
    void holdBack(int perProject) {
        List<RunOf> held = transactions.installation(connection -> {
            try (var update = connection.prepareStatement("select project_id, run_id from job.hold_back(?)")) {
                update.setInt(1, perProject);
                return runs(update);
            }
        });
        held.forEach(each -> live.changed(each.project(), "run", each.run()));
    }

    /** The started runs whose node has been silent for longer than {@link #TERM} or has left. */
    List<Held> abandonedRuns() {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement(
                    "select project_id, run_id, attempt_id from job.abandoned_runs(make_interval(secs => ?))")) {
                query.setLong(1, TERM.toSeconds());
                return held(query);
            }
        });
    }

    /** The started runs that the ledger says a node works on. */
    List<Held> runsOf(UUID node) {
        return transactions.installation(connection -> {
            try (var query =
                    connection.prepareStatement("select project_id, run_id, attempt_id from job.runs_held_by(?)")) {
                query.setObject(1, node);
                return held(query);
            }
        });
    }

    /** A target that the ledger says a node works on for another one. */
    record Guest(ProjectId project, UUID run, UUID target) {}

    /** The started targets that the ledger says a node works on, though another node has their run. */
    List<Guest> guestsOf(UUID node) {
        return transactions.installation(connection -> {
            try (var query =
                    connection.prepareStatement("select project_id, run_id, target_id from job.guests_of_node(?)")) {
                query.setObject(1, node);
                var guests = new ArrayList<Guest>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        guests.add(new Guest(
                                new ProjectId(rows.getObject(1, UUID.class)),
                                rows.getObject(2, UUID.class),
                                rows.getObject(3, UUID.class)));
                    }
                }
                return guests;
            }
        });
    }

    private static List<Held> held(PreparedStatement query) throws SQLException {
        var held = new ArrayList<Held>();
        try (var rows = query.executeQuery()) {
            while (rows.next()) {
                held.add(new Held(
                        new ProjectId(rows.getObject(1, UUID.class)),
                        rows.getObject(2, UUID.class),
                        rows.getObject(3, UUID.class)));
            }
        }
        return held;
    }

    private static List<RunOf> runs(PreparedStatement query) throws SQLException {
        var runs = new ArrayList<RunOf>();
        try (var rows = query.executeQuery()) {
            while (rows.next()) {
                runs.add(new RunOf(new ProjectId(rows.getObject(1, UUID.class)), rows.getObject(2, UUID.class)));
            }
        }
        return runs;
    }

    void ensureLogPartitions() {
        transactions.installation(connection -> {
            try (var call = connection.prepareStatement("select job.ensure_log_partitions()")) {
                return call.execute();
            }
        });
    }
}
