package dev.nightshift.job;

import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.tenancy.Work;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Writes what happens to one target, each write under the attempt's fence. */
@ApplicationScoped
class TargetLedger {
    @Inject
    private Transactions transactions;

    @Inject
    private Live live;

    /** A target as an attempt took it. */
    record Taken(
            UUID id,
            @Nullable UUID instanceId,
            @Nullable UUID databaseId,
            List<String> databaseNames,
            Optional<JsonObject> checkpoint) {}

    /** A target that waits, with the databases that it covers. */
    record Waiting(UUID id, List<String> databases) {}

    /** The targets that an attempt still has to do, by the names of their databases. */
    List<Waiting> unfinished(Attempt attempt) {
        return transactions.in(attempt.project(), connection -> {
            try (var query = connection.prepareStatement(
                    "select id, database_names from job.target where run_id = ? and status = 'WAITING' order by database_names, id")) {
                query.setObject(1, attempt.run());
                var waiting = new ArrayList<Waiting>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        waiting.add(new Waiting(rows.getObject(1, UUID.class), List.of((String[])
                                rows.getArray(2).getArray())));
                    }
                }
                return waiting;
            }
        });
    }

    /** Puts a target back until it can be worked on; what has a newer attempt is let be. */
    void hold(Attempt attempt, UUID target, HeldBack back) {
        transactions.run(attempt.project(), connection -> {
            try (var update = connection.prepareStatement("""
                    update job.target t set status = 'WAITING', reason = ?, held_until = coalesce(?, now()), held_for = ?, started_at = null,
                           progress_at = null
                      from job.run r
                     where r.project_id = t.project_id and r.id = t.run_id and r.attempt = ? and t.id = ?
                       and (t.status = 'WAITING' or (t.status = 'STARTED' and t.fence = ?))
                    """)) {
                update.setString(1, back.reason());
                update.setTimestamp(2, back.until() == null ? null : Timestamp.from(back.until()));
                update.setString(3, back.what().name());
                update.setInt(4, attempt.number());
                update.setObject(5, target);
                update.setLong(6, attempt.fence());
                if (update.executeUpdate() == 1) {
                    resetSteps(connection, target);
                }
            }
            live.changed(attempt.project(), "run", attempt.run());
        });
    }

    /** True while a target on another server than this one's waits for its turn in the attempt. */
    boolean othersCanBegin(Attempt attempt, UUID target) {
        return transactions.in(attempt.project(), connection -> {
            try (var query = connection.prepareStatement("""
                    select exists (select from job.target o join job.target t on t.project_id = o.project_id and t.run_id = o.run_id
                                    where t.id = ? and o.run_id = ? and o.status = 'WAITING' and o.held_until is null
                                      and o.instance_id <> t.instance_id)
                    """)) {
                query.setObject(1, target);
                query.setObject(2, attempt.run());
                try (var rows = query.executeQuery()) {
                    return rows.next() && rows.getBoolean(1);
                }
            }
        });
    }

    /**
     * Takes a waiting target under the attempt's fence; empty if it no longer waits, a newer attempt has it or the run is to
     * stop.
     *
     * @param node that works on it: with messaging not always the one that has the run
     */
    Optional<Taken> start(Attempt attempt, UUID target, UUID node) {
        return transactions.in(attempt.project(), connection -> {
            // Until the commit nobody declares the run dead or lost: what is taken then would be missed
            try (var lock = connection.prepareStatement("select from job.run where id = ? for share")) {
                lock.setObject(1, attempt.run());
                lock.execute();
            }
            try (var update = connection.prepareStatement("""
                    update job.target set status = 'STARTED', attempt = ?, fence = ?, node_id = ?, started_at = now(), ended_at = null,
                           reason = null, remedy = null, held_until = null, held_for = null
                     where id = ? and status = any (?) and fence <= ?
                       and exists (select from job.run r where r.id = run_id and r.attempt = ? and r.status = 'STARTED')
                    returning instance_id, database_id, database_names, checkpoint
                    """)) {
                update.setInt(1, attempt.number());
                update.setLong(2, attempt.fence());
                update.setObject(3, node);
                update.setObject(4, target);
                update.setArray(5, TargetStatus.before(TargetStatus.STARTED, connection));
                update.setLong(6, attempt.fence());
                update.setInt(7, attempt.number());
                try (var rows = update.executeQuery()) {
                    if (!rows.next()) {
                        return Optional.<Taken>empty();
                    }
                    String checkpoint = rows.getString("checkpoint");
                    var taken = new Taken(
                            target,
                            rows.getObject("instance_id", UUID.class),
                            rows.getObject("database_id", UUID.class),
                            List.of((String[]) rows.getArray("database_names").getArray()),
                            checkpoint == null ? Optional.empty() : Optional.of(JsonText.object(checkpoint)));
                    resetSteps(connection, target);
                    live.changed(attempt.project(), "run", attempt.run());
                    return Optional.of(taken);
                }
            }
        });
    }

    private static void resetSteps(Connection connection, UUID target) throws SQLException {
        try (var update = connection.prepareStatement("""
                update job.step set status = 'WAITING', figure = null, reason = null, started_at = null, ended_at = null
                 where target_id = ? and status <> 'COMPLETED'
                """)) {
            update.setObject(1, target);
            update.executeUpdate();
        }
    }

    /** Back to waiting with a reason: a lock that another run holds. */
    void reason(Attempt attempt, UUID target, @Nullable String reason) {
        fenced(attempt, target, "update job.target set reason = ? where id = ? and fence = ?", statement -> {
            statement.setString(1, reason);
            return 2;
        });
    }

    void beginStep(Attempt attempt, UUID target, String step) {
        fenced(attempt, target, """
                with target as (update job.target set progress_at = null where id = ? and fence = ? returning id)
                update job.step s set status = 'STARTED', started_at = now(), ended_at = null, figure = null, reason = null
                  from target where s.target_id = target.id and s.name = ?
                """, statement -> {
            statement.setString(3, step);
            return 1;
        });
    }

    void endStep(
            Attempt attempt,
            UUID target,
            String step,
            TargetStatus status,
            @Nullable String figure,
            @Nullable String reason) {
        fenced(attempt, target, """
                update job.step s set status = ?, figure = ?, reason = ?, ended_at = now(), started_at = coalesce(s.started_at, now())
                  from job.target t
                 where t.project_id = s.project_id and t.id = s.target_id and s.name = ? and t.id = ? and t.fence = ?
                """, statement -> {
            statement.setString(1, status.name());
            statement.setString(2, figure);
            statement.setString(3, reason);
            statement.setString(4, step);
            return 5;
        });
    }

    void progress(Attempt attempt, UUID target, long done, @Nullable Long total, String unit, @Nullable String text) {
        fenced(attempt, target, """
                update job.target set progress_done = ?, progress_total = ?, progress_unit = ?, progress_text = ?, progress_at = now()
                 where id = ? and fence = ?
                """, statement -> {
            statement.setLong(1, done);
            statement.setObject(2, total);
            statement.setString(3, unit);
            statement.setString(4, text);
            return 5;
        });
    }

    void figures(Attempt attempt, UUID target, JsonObject figures) {
        json(
                attempt,
                target,
                "update job.target set figures = figures || ?::jsonb where id = ? and fence = ?",
                figures);
    }

    void checkpoint(Attempt attempt, UUID target, JsonObject state) {
        json(attempt, target, "update job.target set checkpoint = ?::jsonb where id = ? and fence = ?", state);
    }

    private void json(Attempt attempt, UUID target, String sql, JsonObject value) {
        fenced(attempt, target, sql, statement -> {
            statement.setString(1, value.toString());
            return 2;
        });
    }

    void end(Attempt attempt, UUID target, TargetStatus status, @Nullable String reason, @Nullable String remedy) {
        if (!TargetStatus.STARTED.mayBecome(status)) {
            throw new IllegalArgumentException("A target that is worked on does not become " + status + ".");
        }
        fenced(attempt, target, """
                update job.target set status = ?, reason = ?, remedy = ?, ended_at = now(), progress_at = null
                 where id = ? and fence = ? and status = 'STARTED'
                """, statement -> {
            statement.setString(1, status.name());
            statement.setString(2, reason);
            statement.setString(3, remedy);
            return 4;
        });
    }

    /**
     * Ends a target whose work does not end: nothing that the attempt writes about it later is accepted.
     *
     * @return false if it has ended meanwhile
     */
    boolean giveUp(Attempt attempt, UUID target, String reason) {
        return transactions.in(attempt.project(), connection -> {
            try (var end = connection.prepareStatement("""
                            update job.target set status = 'STOPPED', reason = ?, remedy = null, ended_at = now(),
                                   progress_at = null, fence = nextval('job.fence')
                             where id = ? and fence = ? and status = 'STARTED'
                            """);
                    var step = connection.prepareStatement("""
                            update job.step set status = 'STOPPED', reason = ?, ended_at = now()
                             where target_id = ? and status = 'STARTED'
                            """)) {
                end.setString(1, reason);
                end.setObject(2, target);
                end.setLong(3, attempt.fence());
                if (end.executeUpdate() == 0) {
                    return false;
                }
                step.setString(1, reason);
                step.setObject(2, target);
                step.executeUpdate();
            }
            live.changed(attempt.project(), "target", attempt.run());
            return true;
        });
    }

    /**
     * Runs work in the attempt's project only while the target is still this attempt's: a feature's own results.
     *
     * @throws TakenOver if it is not
     */
    void underFence(Attempt attempt, UUID target, Work.Action work) {
        transactions.run(attempt.project(), connection -> {
            try (var query = connection.prepareStatement(
                    "select from job.target where id = ? and fence = ? and status = 'STARTED' for share")) {
                query.setObject(1, target);
                query.setLong(2, attempt.fence());
                try (var rows = query.executeQuery()) {
                    if (!rows.next()) {
                        throw new TakenOver(attempt.number());
                    }
                }
            }
            work.with(connection);
        });
    }

    /** Sets a statement's own values; answers the index at which target and fence follow. */
    private interface Values {
        int set(PreparedStatement statement) throws SQLException;
    }

    private void fenced(Attempt attempt, UUID target, String sql, Values values) {
        transactions.run(attempt.project(), connection -> {
            try (var update = connection.prepareStatement(sql)) {
                int next = values.set(update);
                update.setObject(next, target);
                update.setLong(next + 1, attempt.fence());
                if (update.executeUpdate() == 0) {
                    throw new TakenOver(attempt.number());
                }
            }
            live.changed(attempt.project(), "target", attempt.run());
        });
    }
}
