package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes what happens to runs: claims, stops and ends; losses are in {@link LostRuns}. Every write is a short
 * transaction of its own, because the work on a target may take hours.
 */
@ApplicationScoped
class Ledger {
    @Inject
    private Transactions transactions;

    @Inject
    private TargetFindings findings;

    @Inject
    private Live live;

    @Inject
    private RunLog lines;

    /**
     * Takes a waiting run for a node: exactly one node gets it. Targets that are not done wait for this attempt.
     *
     * @param id of the attempt that this makes
     * @param projectRuns how many of the project may be under way
     * @return empty if another node was faster, the run no longer waits, as many are under way as may be, or the project was
     *     deleted
     */
    Optional<Attempt> claim(ProjectId project, UUID run, UUID node, UUID id, int projectRuns) {
        return transactions.in(project, connection -> {
            if (!hasRoom(connection, project, projectRuns)) {
                return Optional.<Attempt>empty();
            }
            try (var update = connection.prepareStatement("""
                    with claimed as (
                      update job.run set status = 'STARTED', reason = null, started_at = coalesce(started_at, now()), ended_at = null,
                             not_before = null
                       where id = (select id from job.run where id = ? and status = any (?) for update skip locked)
                      returning id, project_id, job, attempt, parameters, attempt_cause, attempt_by),
                    attempt as (
                      insert into job.attempt (id, project_id, run_id, number, node_id, fence, cause, caused_by)
                      select ?, project_id, id, attempt, ?, nextval('job.fence'), attempt_cause, attempt_by from claimed
                      returning fence)
                    select claimed.job, claimed.attempt, claimed.parameters, claimed.attempt_cause, attempt.fence from claimed, attempt
                    """)) {
                update.setObject(1, run);
                update.setArray(2, RunStatus.before(RunStatus.STARTED, connection));
                update.setObject(3, id);
                update.setObject(4, node);
                try (var rows = update.executeQuery()) {
                    if (!rows.next()) {
                        return Optional.<Attempt>empty();
                    }
                    var attempt = new Attempt(
                            project,
                            run,
                            id,
                            rows.getInt("attempt"),
                            rows.getLong("fence"),
                            rows.getString("job"),
                            Parameters.stored(JsonText.object(rows.getString("parameters"))));
                    waitAgain(
                            connection,
                            run,
                            RunAttempt.Cause.valueOf(rows.getString("attempt_cause"))
                                    .isHeldBack());
                    live.changed(project, "run", run);
                    return Optional.of(attempt);
                }
            }
        });
    }

    /** Until the transaction's end nobody else claims a run of the project, or deletes it. */
    private static boolean hasRoom(Connection connection, ProjectId project, int most) throws SQLException {
        try (var lock = connection.prepareStatement(
                        "select from fleet.project where id = ? and deleted_at is null for no key update");
                var count = connection.prepareStatement(
                        "select count(*) < ? from job.run where status in ('STARTED', 'STOPPING')")) {
            lock.setObject(1, project.value());
            try (var rows = lock.executeQuery()) {
                if (!rows.next()) {
                    return false;
                }
            }
            count.setInt(1, most);
            try (var rows = count.executeQuery()) {
                return rows.next() && rows.getBoolean(1);
            }
        }
    }

    /** @param held those that were put back; else all that are not done */
    private static void waitAgain(Connection connection, UUID run, boolean held) throws SQLException {
        try (var update = connection.prepareStatement("""
                update job.target set status = 'WAITING', reason = null, remedy = null, progress_at = null, ended_at = null,
                       held_until = null, held_for = null
                 where run_id = ? and status <> 'COMPLETED' and (held_until is not null or (not ? and status = any (?)))
                """)) {
            update.setObject(1, run);
            update.setBoolean(2, held);
            update.setArray(3, TargetStatus.before(TargetStatus.WAITING, connection));
            update.executeUpdate();
        }
    }

    /** The attempt as the batch runtime's threads need it; they know nothing but its id. */
    Optional<Attempt> attempt(UUID id) {
        Optional<UUID> project = transactions.installation(connection -> {
            try (var query = connection.prepareStatement("select job.project_of_attempt(?)")) {
                query.setObject(1, id);
                try (var rows = query.executeQuery()) {
                    rows.next();
                    return Optional.ofNullable(rows.getObject(1, UUID.class));
                }
            }
        });
        return project.flatMap(value -> transactions.in(new ProjectId(value), connection -> {
            try (var query = connection.prepareStatement("""
                    select a.run_id, a.number, a.fence, r.job, r.parameters from job.attempt a
                      join job.run r on r.project_id = a.project_id and r.id = a.run_id where a.id = ?
                    """)) {
                query.setObject(1, id);
                try (var rows = query.executeQuery()) {
                    return rows.next()
                            ? Optional.of(new Attempt(
                                    new ProjectId(value),
                                    rows.getObject("run_id", UUID.class),
                                    id,
                                    rows.getInt("number"),
                                    rows.getLong("fence"),
                                    rows.getString("job"),
                                    Parameters.stored(JsonText.object(rows.getString("parameters")))))
                            : Optional.<Attempt>empty();
                }
            }
        }));
    }

    /** The batch job's first act: false if the attempt was taken before or its run has gone on without it. */
    boolean take(Attempt attempt) {
        return transactions.in(attempt.project(), connection -> {
            try (var update = connection.prepareStatement("""
                    update job.attempt a set taken_at = now()
                     where a.id = ? and a.taken_at is null
                       and exists (select from job.run r where r.id = a.run_id and r.attempt = a.number
                                      and r.status in ('STARTED', 'STOPPING'))
                    """)) {
                update.setObject(1, attempt.id());
                return update.executeUpdate() == 1;
            }
        });
    }

    /**
     * Ends the run by what its targets have come to; targets that nobody took are failed with the given reason, and
     * whoever took one all the same writes nothing about it any more. Does nothing if the run has gone on under a newer
     * attempt.
     */
    void end(Attempt attempt, String reasonForUntouched) {
        transactions.run(attempt.project(), connection -> {
            boolean stopping = locked(connection, attempt.run()) == RunStatus.STOPPING;
            TargetStatus untouched = stopping ? TargetStatus.STOPPED : TargetStatus.FAILED;
            List<TargetFindings.Of> left;
            try (var update = connection.prepareStatement("""
                    with ended as (
                      update job.target t set status = ?, reason = ?, ended_at = now(), fence = nextval('job.fence')
                        from job.run r
                       where r.project_id = t.project_id and r.id = t.run_id and r.id = ? and r.attempt = ?
                         and r.status in ('STARTED', 'STOPPING') and t.status = any (?)
                         and (t.held_until is null or r.status = 'STOPPING')
                      returning t.id, t.status, t.instance_id, t.database_id, t.database_names),
                    steps as (
                      update job.step s set status = ended.status, ended_at = now() from ended
                       where s.target_id = ended.id and s.status = 'STARTED')
                    select instance_id, database_id, database_names from ended
                    """)) {
                update.setString(1, untouched.name());
                update.setString(2, stopping ? "Stopped before it began." : reasonForUntouched);
                update.setObject(3, attempt.run());
                update.setInt(4, attempt.number());
                update.setArray(5, TargetStatus.before(untouched, connection));
                left = TargetFindings.Of.rows(
                        attempt.project(), attempt.run(), attempt.number(), update.executeQuery());
            }
            if (!stopping) {
                findings.unfinished(attempt.job(), left, reasonForUntouched, "Restart the run.");
            }
            if (!stopping && waitForHeld(connection, attempt)) {
                over(connection, attempt);
                return;
            }
            RunStatus status = RunStatus.of(targets(connection, attempt.run()));
            try (var update = connection.prepareStatement("""
                    update job.run r set status = ?, ended_at = now(),
                           reason = (select coalesce(i.name || ': ', '') || t.reason from job.target t
                                       left join fleet.instance i on i.project_id = t.project_id and i.id = t.instance_id
                                      where t.run_id = r.id and t.status in ('FAILED', 'STOPPED', 'SKIPPED') and t.reason is not null
                                      order by t.status, t.ended_at limit 1)
                     where r.id = ? and r.attempt = ? and r.status = any (?)
                    """)) {
                update.setString(1, status.name());
                update.setObject(2, attempt.run());
                update.setInt(3, attempt.number());
                update.setArray(4, RunStatus.before(status, connection));
                if (update.executeUpdate() == 1) {
                    outbox(connection, attempt.project(), attempt.run(), status);
                    if (status == RunStatus.COMPLETED || status == RunStatus.PARTIAL) {
                        Followers.ended(connection, attempt);
                    }
                }
            }
            over(connection, attempt);
        });
    }

    private void over(Connection connection, Attempt attempt) throws SQLException {
        try (var update = connection.prepareStatement("update job.attempt set ended_at = now() where id = ?")) {
            update.setObject(1, attempt.id());
            update.executeUpdate();
        }
        live.changed(attempt.project(), "run", attempt.run());
    }

    /** True if some targets were put back: the run goes on with those when the first of them can be worked on. */
    private static boolean waitForHeld(Connection connection, Attempt attempt) throws SQLException {
        try (var update = connection.prepareStatement("""
                update job.run r set status = 'WAITING', attempt = r.attempt + 1, attempt_cause = held.held_for, attempt_by = null,
                       reason = held.reason, not_before = least(held.held_until, now() + make_interval(secs => ?))
                  from (select t.reason, t.held_until, t.held_for from job.target t
                         where t.run_id = ? and t.status = 'WAITING' and t.held_until is not null
                         order by t.held_until limit 1) held
                 where r.id = ? and r.attempt = ? and r.status = 'STARTED'
                """)) {
            update.setLong(1, WindowGate.LOOK_AGAIN.toSeconds());
            update.setObject(2, attempt.run());
            update.setObject(3, attempt.run());
            update.setInt(4, attempt.number());
            return update.executeUpdate() == 1;
        }
    }

    private static List<TargetStatus> targets(Connection connection, UUID run) throws SQLException {
        try (var query = connection.prepareStatement("select status from job.target where run_id = ?")) {
            query.setObject(1, run);
            var all = new ArrayList<TargetStatus>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    all.add(TargetStatus.valueOf(rows.getString(1)));
                }
            }
            return all;
        }
    }

    /** Alerting hears of a run's end even if this node dies right after. */
    static void outbox(Connection connection, ProjectId project, UUID run, RunStatus status) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into finding.outbox (project_id, kind, subject_id, payload)
                values (?, 'run.ended', ?, jsonb_build_object('status', ?::text))
                """)) {
            insert.setObject(1, project.value());
            insert.setObject(2, run);
            insert.setString(3, status.name());
            insert.executeUpdate();
        }
    }

    /** A person starts a run that is over again: earlier losses no longer count. */
    void restart(Connection connection, ProjectId project, UUID run, String by) throws SQLException {
        requeue(connection, project, run, RunAttempt.Cause.RETRY, by);
        try (var update = connection.prepareStatement("update job.run set losses = 0 where id = ?")) {
            update.setObject(1, run);
            update.executeUpdate();
        }
    }

    /** The next attempt of a run that is over: its unfinished targets only. */
    void requeue(Connection connection, ProjectId project, UUID run, RunAttempt.Cause cause, @Nullable String by)
            throws SQLException {
        try (var update = connection.prepareStatement("""
                update job.run set status = 'QUEUED', attempt = attempt + 1, attempt_cause = ?, attempt_by = ?, reason = null,
                       not_before = null, ended_at = null
                 where id = ? and status = any (?) and exists (select from job.target where run_id = ?)
                """)) {
            update.setString(1, cause.name());
            update.setString(2, by);
            update.setObject(3, run);
            update.setArray(4, RunStatus.before(RunStatus.QUEUED, connection));
            update.setObject(5, run);
            if (update.executeUpdate() == 0) {
                throw new Failure.Conflict(
                        "This run has nothing left to restart.", "Start a new run of the job instead.");
            }
        }
        live.changed(project, "run", run);
    }

    /** Asks a run to stop: one that has not begun is stopped at once. */
    void stop(Connection connection, ProjectId project, UUID run) throws SQLException {
        RunStatus now = locked(connection, run);
        RunStatus next = now.mayBecome(RunStatus.STOPPING) ? RunStatus.STOPPING : RunStatus.STOPPED;
        // What a node was told to stop ends when its targets have.
        if (now == RunStatus.STOPPING || !now.mayBecome(next)) {
            throw new Failure.Conflict("This run is already over or stopping.", null);
        }
        try (var update = connection.prepareStatement("""
                update job.run set status = ?, reason = 'Stopped by a person.', ended_at = case when ? then now() end
                 where id = ?
                """)) {
            update.setString(1, next.name());
            update.setBoolean(2, next.isOver());
            update.setObject(3, run);
            update.executeUpdate();
        }
        live.changed(project, "run", run);
        if (next == RunStatus.STOPPING) {
            return;
        }
        try (var targets = connection.prepareStatement("""
                update job.target set status = 'STOPPED', reason = 'Stopped before it began.', ended_at = now()
                 where run_id = ? and status = any (?)
                """)) {
            targets.setObject(1, run);
            targets.setArray(2, TargetStatus.before(TargetStatus.STOPPED, connection));
            targets.executeUpdate();
        }
        outbox(connection, project, run, RunStatus.STOPPED);
    }

    /** Where the run stands; it stays there until the transaction's end. */
    private static RunStatus locked(Connection connection, UUID run) throws SQLException {
        try (var query = connection.prepareStatement("select status from job.run where id = ? for update")) {
            query.setObject(1, run);
            try (var rows = query.executeQuery()) {
                rows.next();
                return RunStatus.valueOf(rows.getString(1));
            }
        }
    }

    /** Where an attempt's run stands, as long as it is this attempt's; empty once it is over or has gone on without it. */
    Optional<RunStatus> standing(Attempt attempt) {
        return transactions.in(attempt.project(), connection -> {
            try (var query = connection.prepareStatement(
                    "select status from job.run where id = ? and attempt = ? and status in ('STARTED', 'STOPPING')")) {
                query.setObject(1, attempt.run());
                query.setInt(2, attempt.number());
                try (var rows = query.executeQuery()) {
                    return rows.next()
                            ? Optional.of(RunStatus.valueOf(rows.getString(1)))
                            : Optional.<RunStatus>empty();
                }
            }
        });
    }

    /** A line of the run's log that belongs to no target. */
    void log(ProjectId project, UUID run, @Nullable UUID target, Run.Level level, String text) {
        transactions.run(project, connection -> {
            lines.append(connection, project, run, target, level, text);
            live.changed(project, "log", run);
        });
    }
}
