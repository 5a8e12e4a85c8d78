package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Declares runs lost whose node is gone or no longer works on them, and lets them go on. */
@ApplicationScoped
class LostRuns {
    @Inject
    private Transactions transactions;

    @Inject
    private Ledger ledger;

    @Inject
    private TargetFindings findings;

    @Inject
    private Live live;

    @Inject
    private RunLog lines;

    /** A started run whose node is no more. */
    private record Orphan(boolean stopping, boolean handedOver, boolean letGo, int losses, String job, int attempt) {}

    /**
     * Declares a started run lost, with its unfinished targets and steps, and queues it again while the policy allows. One
     * that was told to stop has stopped: it does not begin again by itself.
     *
     * @param held the attempt whose node is gone or no longer works on it; a run that has gone on since is let be
     * @param by the node that says so
     * @param mostLosses a run that lost its node this often stays lost; one whose node was stopped in good order always
     *     begins again
     * @return the status it now has; empty if it is no longer started
     */
    Optional<RunStatus> lose(Leases.Held held, UUID by, int mostLosses) {
        ProjectId project = held.project();
        UUID run = held.run();
        return transactions.in(project, connection -> {
            waitBriefly(connection);
            Orphan orphan = orphan(connection, held, by).orElse(null);
            if (orphan == null) {
                return Optional.<RunStatus>empty();
            }
            String reason = orphan.handedOver()
                    ? "Its node was stopped."
                    : orphan.letGo()
                            ? "Its node no longer works on it, after an outage of the repository or an error."
                            : "Its node died in the middle of the work.";
            return Optional.of(goOn(
                    connection, project, run, orphan, reason, orphan.handedOver() || orphan.losses() < mostLosses));
        });
    }

    /**
     * Lets a run whose node lives go on with the targets that came to nothing on the way through the queue.
     *
     * @param loss whether a node died with some of them, which counts
     * @return the status it now has; empty if it is no longer this attempt's
     */
    Optional<RunStatus> fetchBack(Attempt attempt, String reason, boolean loss, int mostLosses) {
        ProjectId project = attempt.project();
        return transactions.in(project, connection -> {
            waitBriefly(connection);
            try (var update = connection.prepareStatement("""
                    update job.run set losses = losses + ? where id = ? and attempt = ? and status = any (?)
                    returning status = 'STOPPING', losses
                    """)) {
                update.setInt(1, loss ? 1 : 0);
                update.setObject(2, attempt.run());
                update.setInt(3, attempt.number());
                update.setArray(4, RunStatus.before(RunStatus.LOST, connection));
                try (var rows = update.executeQuery()) {
                    if (!rows.next()) {
                        return Optional.<RunStatus>empty();
                    }
                    var orphan = new Orphan(
                            rows.getBoolean(1), !loss, true, rows.getInt(2), attempt.job(), attempt.number());
                    return Optional.of(goOn(
                            connection, project, attempt.run(), orphan, reason, !loss || orphan.losses() < mostLosses));
                }
            }
        });
    }

    /** The heartbeat waits meanwhile, and the next one tries again: a node that stands still keeps its locks for a minute. */
    private static void waitBriefly(Connection connection) throws SQLException {
        try (var set = connection.prepareStatement("set local lock_timeout = '2s'")) {
            set.execute();
        }
    }

    /** @param allowed whether it may begin again by itself, unless it was to stop */
    private RunStatus goOn(
            Connection connection, ProjectId project, UUID run, Orphan orphan, String reason, boolean allowed)
            throws SQLException {
        RunStatus status = orphan.stopping() ? RunStatus.STOPPED : RunStatus.LOST;
        abandon(connection, run, status, reason);
        boolean again = !orphan.stopping() && allowed;
        String next;
        if (again) {
            ledger.requeue(connection, project, run, RunAttempt.Cause.RECOVERY, null);
            next = "It goes on with its unfinished targets.";
        } else {
            Ledger.outbox(connection, project, run, status);
            live.changed(project, "run", run);
            next = orphan.stopping()
                    ? "It was to stop and does not start again."
                    : "That was the case " + orphan.losses() + " times; restart it once the cause is known.";
            if (!orphan.stopping()) {
                findings.unfinished(
                        orphan.job(),
                        unfinished(connection, project, run, orphan.attempt()),
                        reason,
                        "Restart the run once the cause is known.");
            }
        }
        lines.append(connection, project, run, null, Run.Level.WARN, reason + " " + next);
        live.changed(project, "log", run);
        return again ? RunStatus.QUEUED : status;
    }

    /**
     * Declares a started run lost because a person says so. Unlike a loss that Nightshift finds itself, it is left to people
     * to let it go on: the one who says so may know that something of it still runs.
     *
     * @throws Failure.Conflict if it is not under way
     */
    void declareDead(Connection connection, ProjectId project, UUID run, String by, String why) throws SQLException {
        String job;
        int attempt;
        try (var query = connection.prepareStatement(
                "select job, attempt from job.run where id = ? and status = any (?) for update")) {
            query.setObject(1, run);
            query.setArray(2, RunStatus.before(RunStatus.LOST, connection));
            try (var rows = query.executeQuery()) {
                if (!rows.next()) {
                    throw new Failure.Conflict(
                            "This run is not under way.", "Only one that is started or stopping can be declared dead.");
                }
                job = rows.getString(1);
                attempt = rows.getInt(2);
            }
        }
        abandon(connection, run, RunStatus.LOST, "Declared dead by " + by + ": " + why);
        Ledger.outbox(connection, project, run, RunStatus.LOST);
        findings.unfinished(
                job,
                unfinished(connection, project, run, attempt),
                "Its run was declared dead: " + why,
                "Restart the run once nothing of it works any more.");
        // Who it was is in the run's reason and in the audit log; a name in a line of the log could not be erased.
        lines.append(
                connection,
                project,
                run,
                null,
                Run.Level.WARN,
                "Declared dead: " + why + " It does not start again by itself.");
        live.changed(project, "run", run);
        live.changed(project, "log", run);
    }

    /** Counts the loss, if it is one. */
    private static Optional<Orphan> orphan(Connection connection, Leases.Held held, UUID by) throws SQLException {
        try (var update = connection.prepareStatement("""
                update job.run r set losses = r.losses + case when n.stopped_at is null then 1 else 0 end
                  from job.attempt a join job.node n on n.id = a.node_id
                 where a.project_id = r.project_id and a.run_id = r.id and a.number = r.attempt
                   and r.id = ? and a.id = ? and r.status = any (?)
                returning r.status = 'STOPPING', n.stopped_at is not null, n.id = ?, r.losses, r.job, r.attempt
                """)) {
            update.setObject(1, held.run());
            update.setObject(2, held.attempt());
            update.setArray(3, RunStatus.before(RunStatus.LOST, connection));
            update.setObject(4, by);
            try (var rows = update.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Orphan(
                                rows.getBoolean(1),
                                rows.getBoolean(2),
                                rows.getBoolean(3),
                                rows.getInt(4),
                                rows.getString(5),
                                rows.getInt(6)))
                        : Optional.empty();
            }
        }
    }

    /** What was under way and what had not begun; targets that failed before have findings of their own. */
    private static List<TargetFindings.Of> unfinished(Connection connection, ProjectId project, UUID run, int attempt)
            throws SQLException {
        try (var query = connection.prepareStatement("""
                select instance_id, database_id, database_names from job.target
                 where run_id = ? and status in ('LOST', 'WAITING')
                """)) {
            query.setObject(1, run);
            return TargetFindings.Of.rows(project, run, attempt, query.executeQuery());
        }
    }

    private static void abandon(Connection connection, UUID run, RunStatus status, String reason) throws SQLException {
        TargetStatus left = status == RunStatus.LOST ? TargetStatus.LOST : TargetStatus.STOPPED;
        try (var steps = connection.prepareStatement("""
                        update job.step s set status = ?, ended_at = now() from job.target t
                         where t.project_id = s.project_id and t.id = s.target_id and t.run_id = ? and s.status = 'STARTED'
                        """);
                var targets = connection.prepareStatement("""
                        update job.target set status = ?, ended_at = now(), fence = nextval('job.fence')
                         where run_id = ? and status = any (?)
                        """);
                var attempts = connection.prepareStatement(
                        "update job.attempt set ended_at = now() where run_id = ? and ended_at is null");
                var runs = connection.prepareStatement(
                        "update job.run set status = ?, reason = ?, ended_at = now() where id = ? and status = any (?)")) {
            steps.setString(1, left.name());
            steps.setObject(2, run);
            steps.executeUpdate();
            targets.setString(1, left.name());
            targets.setObject(2, run);
            targets.setArray(3, TargetStatus.before(left, connection));
            targets.executeUpdate();
            attempts.setObject(1, run);
            attempts.executeUpdate();
            runs.setString(1, status.name());
            runs.setString(2, reason);
            runs.setObject(3, run);
            runs.setArray(4, RunStatus.before(status, connection));
            runs.executeUpdate();
        }
    }
}
