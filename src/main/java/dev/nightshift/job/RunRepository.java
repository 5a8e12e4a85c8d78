package dev.nightshift.job;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads and inserts runs; all within the transaction whose connection is passed. */
@ApplicationScoped
class RunRepository {
    @Inject
    private Clock clock;

    @Inject
    private Live live;

    /** A target to be, before its run exists; without an instance it is the project. */
    record NewTarget(@Nullable UUID instanceId, @Nullable UUID databaseId, List<String> databaseNames) {
        /** As the target's row says it itself. */
        UUID aim(ProjectId project) {
            return Objects.requireNonNullElse(databaseId, Objects.requireNonNullElse(instanceId, project.value()));
        }
    }

    /** @param waitsFor why it does not begin before the earlier runs of its schedule are over; null if it need not wait */
    UUID insert(
            Connection connection,
            ProjectId project,
            RunRequest request,
            JobDefinition job,
            Parameters parameters,
            List<NewTarget> targets,
            @Nullable String waitsFor)
            throws SQLException {
        UUID run = Ids.next(clock);
        try (var insert = connection.prepareStatement("""
                insert into job.run (id, project_id, job, status, trigger, triggered_by, schedule_id, fire_at, parameters, queues, reason, asked, aims)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, job.aims(?))
                """)) {
            insert.setObject(1, run);
            insert.setObject(2, project.value());
            insert.setString(3, job.name());
            insert.setString(4, (waitsFor == null ? RunStatus.QUEUED : RunStatus.WAITING).name());
            insert.setString(5, request.trigger().name());
            insert.setString(6, request.by());
            insert.setObject(7, request.schedule());
            insert.setTimestamp(8, request.fireAt() == null ? null : Timestamp.from(request.fireAt()));
            insert.setString(9, parameters.asJson().toString());
            insert.setBoolean(10, waitsFor != null);
            insert.setString(11, waitsFor);
            insert.setArray(
                    12, connection.createArrayOf("text", request.databases().toArray()));
            insert.setArray(
                    13,
                    connection.createArrayOf(
                            "uuid",
                            targets.stream().map(each -> each.aim(project)).toArray()));
            insert.executeUpdate();
        }
        try (var insert = connection.prepareStatement("""
                        insert into job.target (id, project_id, run_id, instance_id, database_id, database_names, status)
                        values (?, ?, ?, ?, ?, ?, 'WAITING')
                        """);
                var step = connection.prepareStatement("""
                        insert into job.step (project_id, target_id, name, position, status) values (?, ?, ?, ?, 'WAITING')
                        """)) {
            for (NewTarget target : targets) {
                UUID id = Ids.next(clock);
                insert.setObject(1, id);
                insert.setObject(2, project.value());
                insert.setObject(3, run);
                insert.setObject(4, target.instanceId());
                insert.setObject(5, target.databaseId());
                Array names =
                        connection.createArrayOf("text", target.databaseNames().toArray());
                insert.setArray(6, names);
                insert.addBatch();
                for (int i = 0; i < job.steps().size(); i++) {
                    step.setObject(1, project.value());
                    step.setObject(2, id);
                    step.setString(3, job.steps().get(i));
                    step.setInt(4, i);
                    step.addBatch();
                }
            }
            insert.executeBatch();
            step.executeBatch();
        }
        live.changed(project, "run", run);
        return run;
    }

    /** A run that was due and is over without having begun: MISSED or SKIPPED. */
    UUID notStarted(Connection connection, ProjectId project, RunRequest request, RunStatus status, String reason)
            throws SQLException {
        UUID run = Ids.next(clock);
        try (var insert = connection.prepareStatement("""
                insert into job.run (id, project_id, job, status, reason, trigger, triggered_by, schedule_id, fire_at, ended_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, now())
                """)) {
            insert.setObject(1, run);
            insert.setObject(2, project.value());
            insert.setString(3, request.job());
            insert.setString(4, status.name());
            insert.setString(5, reason);
            insert.setString(6, request.trigger().name());
            insert.setString(7, request.by());
            insert.setObject(8, request.schedule());
            insert.setTimestamp(9, request.fireAt() == null ? null : Timestamp.from(request.fireAt()));
            insert.executeUpdate();
        }
        Ledger.outbox(connection, project, run, status);
        live.changed(project, "run", run);
        return run;
    }

    static final String RUN = """
            select r.id, r.job, r.status, r.reason, r.trigger, r.triggered_by, r.schedule_id, s.name as schedule,
                   r.parameters, r.attempt, n.name as node, r.created_at, r.started_at, r.ended_at
              from job.run r
              left join job.schedule s on s.project_id = r.project_id and s.id = r.schedule_id
              left join job.attempt a on a.project_id = r.project_id and a.run_id = r.id and a.number = r.attempt
              left join job.node n on n.id = a.node_id
            """;

    Optional<Run> find(Connection connection, UUID id) throws SQLException {
        try (var query = connection.prepareStatement(RUN + " where r.id = ?")) {
            query.setObject(1, id);
            try (var rows = query.executeQuery()) {
                return rows.next()
                        ? Optional.of(run(
                                rows,
                                Usual.ofRun(connection, id),
                                RunLog.dropped(connection, id),
                                RunAttempt.of(connection, id),
                                targets(connection, id)))
                        : Optional.empty();
            }
        }
    }

    boolean exists(Connection connection, UUID id) throws SQLException {
        try (var query = connection.prepareStatement("select from job.run where id = ?")) {
            query.setObject(1, id);
            try (var rows = query.executeQuery()) {
                return rows.next();
            }
        }
    }

    /** The runs of a schedule that are not over, oldest first. */
    static List<UUID> open(Connection connection, UUID schedule) throws SQLException {
        try (var query = connection.prepareStatement("""
                select id from job.run
                 where schedule_id = ? and status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING') order by id
                """)) {
            query.setObject(1, schedule);
            List<UUID> open = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    open.add(rows.getObject(1, UUID.class));
                }
            }
            return open;
        }
    }

    Optional<Run> newest(Connection connection, String job, RunRequest.Trigger trigger) throws SQLException {
        try (var query = connection.prepareStatement(
                "select id from job.run where job = ? and trigger = ? order by id desc limit 1")) {
            query.setString(1, job);
            query.setString(2, trigger.name());
            try (var rows = query.executeQuery()) {
                return rows.next() ? find(connection, rows.getObject(1, UUID.class)) : Optional.empty();
            }
        }
    }

    private static final String TARGET = """
            select t.id, t.instance_id, i.name as instance, t.database_id, d.name as database, t.database_names,
                   t.status, t.reason, t.remedy, t.attempt, n.name as node, t.started_at, t.ended_at, t.figures,
                   t.progress_done, t.progress_total, t.progress_unit, t.progress_text, t.progress_at
              from job.target t
              left join fleet.instance i on i.project_id = t.project_id and i.id = t.instance_id
              left join fleet.database d on d.project_id = t.project_id and d.id = t.database_id
              left join job.node n on n.id = t.node_id
            """;

    List<Run.Target> targets(Connection connection, UUID run) throws SQLException {
        var steps = steps(connection, run);
        var usual = Usual.ofTargets(connection, run);
        try (var query = connection.prepareStatement(TARGET + " where t.run_id = ? order by t.id")) {
            query.setObject(1, run);
            List<Run.Target> targets = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    UUID id = rows.getObject("id", UUID.class);
                    targets.add(target(rows, usual.get(id), steps.getOrDefault(id, List.of())));
                }
            }
            return targets;
        }
    }

    private static Map<UUID, List<Run.Step>> steps(Connection connection, UUID run) throws SQLException {
        try (var query = connection.prepareStatement("""
                select s.target_id, s.name, s.status, s.figure, s.reason, s.started_at, s.ended_at
                  from job.step s join job.target t on t.project_id = s.project_id and t.id = s.target_id
                 where t.run_id = ? order by s.target_id, s.position
                """)) {
            query.setObject(1, run);
            var steps = new HashMap<UUID, List<Run.Step>>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    steps.computeIfAbsent(rows.getObject("target_id", UUID.class), id -> new ArrayList<>())
                            .add(new Run.Step(
                                    rows.getString("name"),
                                    TargetStatus.valueOf(rows.getString("status")),
                                    rows.getString("figure"),
                                    rows.getString("reason"),
                                    instant(rows, "started_at"),
                                    instant(rows, "ended_at")));
                }
            }
            return steps;
        }
    }

    static Run run(
            ResultSet rows,
            @Nullable Usual usual,
            long linesDropped,
            List<RunAttempt> attempts,
            List<Run.Target> targets)
            throws SQLException {
        return new Run(
                rows.getObject("id", UUID.class),
                rows.getString("job"),
                RunStatus.valueOf(rows.getString("status")),
                rows.getString("reason"),
                RunRequest.Trigger.valueOf(rows.getString("trigger")),
                rows.getString("triggered_by"),
                rows.getObject("schedule_id", UUID.class),
                rows.getString("schedule"),
                JsonText.object(rows.getString("parameters")),
                rows.getInt("attempt"),
                rows.getString("node"),
                rows.getTimestamp("created_at").toInstant(),
                instant(rows, "started_at"),
                instant(rows, "ended_at"),
                usual,
                linesDropped,
                attempts,
                targets);
    }

    private static Run.Target target(ResultSet rows, @Nullable Usual usual, List<Run.Step> steps) throws SQLException {
        long total = rows.getLong("progress_total");
        Long knownTotal = rows.wasNull() ? null : total;
        Timestamp progressAt = rows.getTimestamp("progress_at");
        return new Run.Target(
                rows.getObject("id", UUID.class),
                rows.getObject("instance_id", UUID.class),
                rows.getString("instance"),
                rows.getObject("database_id", UUID.class),
                rows.getString("database"),
                List.of((String[]) rows.getArray("database_names").getArray()),
                TargetStatus.valueOf(rows.getString("status")),
                rows.getString("reason"),
                rows.getString("remedy"),
                rows.getInt("attempt"),
                rows.getString("node"),
                instant(rows, "started_at"),
                instant(rows, "ended_at"),
                usual,
                progressAt == null
                        ? null
                        : new Run.Progress(
                                rows.getLong("progress_done"),
                                knownTotal,
                                rows.getString("progress_unit"),
                                rows.getString("progress_text"),
                                progressAt.toInstant()),
                JsonText.object(rows.getString("figures")),
                steps);
    }

    private static @Nullable Instant instant(ResultSet rows, String column) throws SQLException {
        Timestamp at = rows.getTimestamp(column);
        return at == null ? null : at.toInstant();
    }
}
