package dev.nightshift.job;

import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Predicate;

/** What the ledger says of attempts whose targets are worked on by several nodes: the batch runtime may never hear of it. */
@ApplicationScoped
class SpreadLedger {
    @Inject
    private Transactions transactions;

    @Inject
    private Live live;

    @Inject
    private RunLog lines;

    /**
     * How an attempt stands.
     *
     * @param waiting targets that nobody has taken yet and that no window holds
     * @param working targets that a living node works on
     * @param lost targets whose node was lost
     * @param died whether one of those nodes fell silent, and did not stop in good order
     */
    record Standing(long waiting, long working, long lost, boolean died) {}

    /**
     * True if the attempt's targets are worth the way through the queue: more than one waits, another node lives and none is
     * about to go. What had to be taken up again stays where it is: it may have been the queue that lost it.
     */
    boolean isWorthIt(Attempt attempt) {
        return transactions.in(attempt.project(), connection -> {
            try (var query = connection.prepareStatement("""
                    select coalesce(a.cause, 'FIRST') <> 'RECOVERY'
                           and (select count(*) > 1 from job.target t where t.run_id = a.run_id and t.status = 'WAITING')
                           and (select count(*) > 1 and not bool_or(n.draining) from job.node n
                                 where n.stopped_at is null and n.heartbeat_at > now() - make_interval(secs => ?))
                      from job.attempt a where a.id = ?
                    """)) {
                query.setLong(1, Leases.TERM.toSeconds());
                query.setObject(2, attempt.id());
                try (var rows = query.executeQuery()) {
                    return rows.next() && rows.getBoolean(1);
                }
            }
        });
    }

    /**
     * How the attempt stands. Targets whose node fell silent or left are lost from now on: under a new fence, so that the node
     * writes nothing about them should it wake up.
     *
     * @param mine the node that has the run
     * @param local whether that node works on a target: what it let go of is lost as well
     */
    Standing look(Attempt attempt, UUID mine, Predicate<UUID> local) {
        return transactions.in(attempt.project(), connection -> {
            long waiting = 0;
            long working = 0;
            long lost = 0;
            boolean died = false;
            var gone = new ArrayList<UUID>();
            var names = new TreeSet<String>();
            try (var query = connection.prepareStatement("""
                    select t.id, t.status, t.held_until is not null as held, t.node_id = ? as mine, n.name,
                           n.stopped_at is null and n.heartbeat_at > now() - make_interval(secs => ?) as alive,
                           n.stopped_at is null and t.node_id <> ? as died
                      from job.target t left join job.node n on n.id = t.node_id
                     where t.run_id = ? and t.status in ('WAITING', 'STARTED', 'LOST')
                    """)) {
                query.setObject(1, mine);
                query.setLong(2, Leases.TERM.toSeconds());
                query.setObject(3, mine);
                query.setObject(4, attempt.run());
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        UUID id = rows.getObject("id", UUID.class);
                        switch (TargetStatus.valueOf(rows.getString("status"))) {
                            case WAITING -> waiting += rows.getBoolean("held") ? 0 : 1;
                            case LOST -> lost++;
                            default -> {
                                if (rows.getBoolean("mine") ? local.test(id) : rows.getBoolean("alive")) {
                                    working++;
                                } else {
                                    gone.add(id);
                                    died |= rows.getBoolean("died");
                                    names.add(rows.getString("name"));
                                }
                            }
                        }
                    }
                }
            }
            if (!gone.isEmpty()) {
                lost += lose(connection, attempt.run(), gone);
                lines.append(
                        connection,
                        attempt.project(),
                        attempt.run(),
                        null,
                        Run.Level.WARN,
                        "A node that worked on " + (gone.size() == 1 ? "a target" : gone.size() + " targets")
                                + " of this run died, was stopped or let go of it: " + String.join(", ", names) + ".");
                live.changed(attempt.project(), "run", attempt.run());
                live.changed(attempt.project(), "log", attempt.run());
            }
            return new Standing(waiting, working, lost, died);
        });
    }

    /** A node that lives no longer works on a target. */
    void giveBack(Leases.Guest guest, UUID node) {
        transactions.run(guest.project(), connection -> {
            try (var query = connection.prepareStatement(
                    "select from job.target where id = ? and node_id = ? and fence = ? for update")) {
                query.setObject(1, guest.target());
                query.setObject(2, node);
                query.setLong(3, guest.fence());
                try (var rows = query.executeQuery()) {
                    if (rows.next()) {
                        lose(connection, guest.run(), List.of(guest.target()));
                    }
                }
            }
            live.changed(guest.project(), "run", guest.run());
        });
    }

    private static int lose(Connection connection, UUID run, List<UUID> targets) throws SQLException {
        try (var steps = connection.prepareStatement(
                        "update job.step set status = 'LOST', ended_at = now() where target_id = any (?) and status = 'STARTED'");
                var update = connection.prepareStatement("""
                        update job.target set status = 'LOST', ended_at = now(), fence = nextval('job.fence')
                         where run_id = ? and id = any (?) and status = 'STARTED'
                        """)) {
            var ids = connection.createArrayOf("uuid", targets.toArray());
            update.setObject(1, run);
            update.setArray(2, ids);
            int lost = update.executeUpdate();
            steps.setArray(1, ids);
            steps.executeUpdate();
            return lost;
        }
    }
}
