package dev.nightshift.job;

import dev.nightshift.kernel.Page;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads lists of runs; all within the transaction whose connection is passed. */
final class RunListRepository {
    /** How many of a run's databases a list names. */
    static final int NAMED = 5;

    private RunListRepository() {}

    /** Newest first; {@code after} is the id of the last run of the page before. */
    static Page<RunSummary> list(Connection connection, RunFilter filter, @Nullable UUID after, int limit)
            throws SQLException {
        Page<UUID> page = Page.of(RunIds.find(connection, filter, after, limit + 1), limit, UUID::toString);
        if (page.items().isEmpty()) {
            return new Page<>(List.of(), null);
        }
        try (var query = connection.prepareStatement(RunRepository.RUN + " where r.id = any (?) order by r.id desc")) {
            query.setArray(1, connection.createArrayOf("uuid", page.items().toArray()));
            List<Run> runs = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    runs.add(RunRepository.run(rows, null, 0, List.of(), List.of()));
                }
            }
            return new Page<>(summaries(connection, Usual.whereAtWork(connection, runs)), page.next());
        }
    }

    /** One query for the whole page. */
    private static List<RunSummary> summaries(Connection connection, List<Run> runs) throws SQLException {
        var found = new HashMap<UUID, RunSummary>();
        try (var query = connection.prepareStatement("""
                select r.id, statuses.counts, named.names[1:?] as databases, coalesce(cardinality(named.names), 0) as database_count,
                       (select t.reason from job.target t
                         where t.project_id = r.project_id and t.run_id = r.id and t.reason is not null
                         order by t.id limit 1) as reason,
                       figures.added,
                       case when r.status in ('STARTED', 'STOPPING') then
                         (select avg(case s.status when 'WAITING' then 0
                                                   when 'STARTED' then
                                                     coalesce(least(1, t.progress_done::numeric / nullif(t.progress_total, 0)), 0)
                                                   else 1 end)
                            from job.target t join job.step s on s.project_id = t.project_id and s.target_id = t.id
                           where t.project_id = r.project_id and t.run_id = r.id) end as progress
                  from job.run r
                 cross join lateral (select coalesce(jsonb_object_agg(status, n), '{}') as counts
                    from (select t.status, count(*) as n from job.target t
                           where t.project_id = r.project_id and t.run_id = r.id group by t.status) each) statuses
                 cross join lateral (select array_agg(name order by first, name) as names
                    from (select name, min(t.id::text) as first from job.target t, unnest(t.database_names) as name
                           where t.project_id = r.project_id and t.run_id = r.id group by name) each) named
                 cross join lateral (select coalesce(jsonb_object_agg(key, figure) filter (where figure is not null), '{}') as added
                    from (select f.key,
                                 case when bool_and(jsonb_typeof(f.value) = 'number')
                                      then to_jsonb(sum((case when jsonb_typeof(f.value) = 'number' then f.value end)::numeric))
                                      when min(f.value::text) = max(f.value::text) then min(f.value::text)::jsonb
                                 end as figure
                            from job.target t, jsonb_each(t.figures) f
                           where t.project_id = r.project_id and t.run_id = r.id group by f.key) each) figures
                 where r.id = any (?)
                """)) {
            query.setInt(1, NAMED);
            query.setArray(
                    2,
                    connection.createArrayOf("uuid", runs.stream().map(Run::id).toArray()));
            var byId = new HashMap<UUID, Run>();
            runs.forEach(run -> byId.put(run.id(), run));
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    UUID id = rows.getObject("id", UUID.class);
                    Run run = byId.get(id);
                    if (run != null) {
                        found.put(id, summary(rows, run));
                    }
                }
            }
        }
        List<RunSummary> summaries = new ArrayList<>();
        for (Run run : runs) {
            RunSummary summary = found.get(run.id());
            if (summary != null) {
                summaries.add(summary);
            }
        }
        return summaries;
    }

    private static RunSummary summary(ResultSet rows, Run run) throws SQLException {
        Map<TargetStatus, Long> targets = new EnumMap<>(TargetStatus.class);
        JsonObject counts = JsonText.object(rows.getString("counts"));
        counts.forEach((status, n) -> targets.put(TargetStatus.valueOf(status), ((JsonNumber) n).longValue()));
        var names = rows.getArray("databases");
        BigDecimal progress = rows.getBigDecimal("progress");
        return new RunSummary(
                run,
                progress == null ? null : progress.doubleValue(),
                targets,
                names == null ? List.of() : List.of((String[]) names.getArray()),
                rows.getInt("database_count"),
                rows.getString("reason"),
                JsonText.object(rows.getString("added")));
    }
}
