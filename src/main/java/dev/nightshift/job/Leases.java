package dev.nightshift.job;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Nodes, their heartbeats, and the leases they hold. All times are the database's, so that the nodes' clocks do not
 * matter.
 */
@ApplicationScoped
class Leases {
    /** A lease is renewed with every heartbeat and lapses when its node has been silent for this long. */
    static final Duration TERM = Duration.ofSeconds(30);

    /** For so long a place in a server's queue is kept without asking again, which is done every two seconds. */
    static final Duration PLACE = Duration.ofSeconds(15);

    @Inject
    private Transactions transactions;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    private final ClockOffset clockOffset = new ClockOffset();

    /** A run of some project; what it is, is read under that project. */
    record RunOf(ProjectId project, UUID run) {}

    /** A started run and the attempt that has it. */
    record Held(ProjectId project, UUID run, UUID attempt) {}

    /**
     * What a node hears with its heartbeat.
     *
     * @param renewals how many times in a row it has renewed
     * @param drainAsked whether somebody asked it to drain
     * @param clockOffset how far its clock is ahead of the database's, by the best of its last few questions
     */
    record Heard(int renewals, boolean drainAsked, Duration clockOffset) {}

    /**
     * Registers the node or renews it, together with all its leases.
     *
     * @param draining whether it drains of itself
     */
    Heard beat(UUID node, String name, String version, boolean draining, Vitals vitals) {
        return transactions.installation(connection -> {
            Duration offset = clockOffset.ask(connection, clock);
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

    /** The node stops in good order: its runs may be taken over at once. */
    void left(UUID node) {
        transactions.installation(connection -> {
            try (var update = connection.prepareStatement("update job.node set stopped_at = now() where id = ?");
                    var leave = connection.prepareStatement("delete from job.lease_wait where node_id = ?");
                    var release = connection.prepareStatement("delete from job.lease where node_id = ?")) {
                update.setObject(1, node);
                // In the order in which job.acquire_lease takes them
                leave.setObject(1, node);
                leave.executeUpdate();
                release.setObject(1, node);
                release.executeUpdate();
                return update.executeUpdate();
            }
        });
    }

    /**
     * What a lease is asked for.
     *
     * @param resource the target and the kind of work, which one holder has at a time
     * @param instance the server that the work is done on; null where it is done on none
     * @param work the kind of work
     * @param apart kinds of work that must not be done on the server meanwhile, whichever of the two says so
     */
    record Wanted(String resource, @Nullable UUID instance, String work, Set<String> apart) {
        /** What is done on no server, and one node does at a time. */
        static Wanted alone(String resource) {
            return new Wanted(resource, null, resource, Set.of());
        }
    }

    /** A target that is in the way: it works, or it asked first. */
    record Blocker(UUID target, boolean waits) {}

    /**
     * The lease's fence, by which it is released; or null, and who is in the way.
     *
     * @param blocker null if the lease was had, or whoever was in the way has just left it
     */
    record Answer(@Nullable Long fence, @Nullable Blocker blocker) {}

    /**
     * Takes a lease for a holder. One target may be two holders: a node that was declared lost and wakes up does not take
     * its successor's. Whoever does not get it has a place in the queue for the server, and loses it by not asking again
     * within {@link #PLACE}.
     */
    Answer acquire(Wanted wanted, UUID node, UUID holder) {
        return transactions.installation(connection -> {
            try (var call = connection.prepareStatement("""
                    select fence, blocker, blocker_waits
                      from job.acquire_lease(?, ?, ?, make_interval(secs => ?), ?, ?, ?, make_interval(secs => ?))
                    """)) {
                call.setString(1, wanted.resource());
                call.setObject(2, node);
                call.setObject(3, holder);
                call.setLong(4, TERM.toSeconds());
                call.setObject(5, wanted.instance());
                call.setString(6, wanted.work());
                call.setArray(7, connection.createArrayOf("text", wanted.apart().toArray()));
                call.setLong(8, PLACE.toSeconds());
                try (var rows = call.executeQuery()) {
                    rows.next();
                    UUID blocker = rows.getObject(2, UUID.class);
                    return new Answer(
                            rows.getObject(1, Long.class),
                            blocker == null ? null : new Blocker(blocker, rows.getBoolean(3)));
                }
            }
        });
    }

    /** What a node holds for targets, by fence: its own leases, which it takes for itself, are left out. */
    Map<Long, String> heldForTargets(UUID node) {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement(
                    "select fence, resource from job.lease where node_id = ? and holder <> node_id")) {
                query.setObject(1, node);
                Map<Long, String> held = new HashMap<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        held.put(rows.getLong(1), rows.getString(2));
                    }
                }
                return held;
            }
        });
    }

    /** Leaves the queue without having got the lease. */
    void leaveQueue(UUID node, UUID holder) {
        transactions.installation(connection -> {
            try (var delete =
                    connection.prepareStatement("delete from job.lease_wait where node_id = ? and holder = ?")) {
                delete.setObject(1, node);
                delete.setObject(2, holder);
                return delete.executeUpdate();
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

    /** A target that the ledger says a node works on for another one, and under which fence. */
    record Guest(ProjectId project, UUID run, UUID target, long fence) {}

    /** The started targets that the ledger says a node works on, though another node has their run. */
    List<Guest> guestsOf(UUID node) {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement(
                    "select project_id, run_id, target_id, fence from job.guests_of_node(?)")) {
                query.setObject(1, node);
                var guests = new ArrayList<Guest>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        guests.add(new Guest(
                                new ProjectId(rows.getObject(1, UUID.class)),
                                rows.getObject(2, UUID.class),
                                rows.getObject(3, UUID.class),
                                rows.getLong(4)));
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
