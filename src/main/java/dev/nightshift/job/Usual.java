package dev.nightshift.job;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How long something took before: of the last {@value #LAST} times that were done at the first attempt.
 *
 * @param half of the times were shorter than these milliseconds
 * @param most 95 of 100 times were shorter
 */
public record Usual(long half, long most) {
    private static final int LAST = 20;

    /** Fewer say little about the next. */
    private static final int LEAST = 5;

    /** Of rows with started_at and ended_at. */
    private static final String FIGURES = """
            select count(*) as times,
                   percentile_cont(0.5) within group (order by extract(epoch from ended_at - started_at) * 1000) as half,
                   percentile_cont(0.95) within group (order by extract(epoch from ended_at - started_at) * 1000) as most
            """;

    /** A run over other targets says nothing of this one: ten databases take longer than one. */
    static final String OF_RUNS =
            "select r.id, u.* from job.run r cross join lateral (" + FIGURES + """
             from (select e.started_at, e.ended_at from job.run e
                    where e.project_id = r.project_id and e.job = r.job and e.aims = r.aims and e.id < r.id
                      and e.status = 'COMPLETED' and e.attempt = 1 and e.started_at is not null and e.ended_at is not null
                    order by e.id desc limit %d) earlier) u
             where r.project_id = (select tenancy.current_project()) and r.id = any (?)
            """.formatted(LAST);

    static final String OF_TARGETS =
            "select t.id, u.* from job.target t cross join lateral (" + FIGURES + """
             from (select e.started_at, e.ended_at from job.target e
                    where e.project_id = t.project_id and e.job = t.job and e.aim = t.aim and e.id < t.id
                      and e.status = 'COMPLETED' and e.attempt = 1 and e.started_at is not null and e.ended_at is not null
                    order by e.id desc limit %d) earlier) u
             where t.project_id = (select tenancy.current_project()) and t.run_id = ?
            """.formatted(LAST);

    static @Nullable Long halfOf(@Nullable Usual usual) {
        return usual == null ? null : usual.half;
    }

    static @Nullable Long mostOf(@Nullable Usual usual) {
        return usual == null ? null : usual.most;
    }

    /** The runs of the job over the same targets that were made before this one; null when there are too few. */
    static @Nullable Usual ofRun(Connection connection, UUID run) throws SQLException {
        return ofRuns(connection, List.of(run)).get(run);
    }

    /** The same runs as they are, those at work with what is usual for them. */
    static List<Run> whereAtWork(Connection connection, List<Run> runs) throws SQLException {
        List<UUID> atWork = runs.stream().filter(Usual::isAtWork).map(Run::id).toList();
        if (atWork.isEmpty()) {
            return runs;
        }
        Map<UUID, Usual> usual = ofRuns(connection, atWork);
        return runs.stream()
                .map(run -> usual.containsKey(run.id()) ? run.with(usual.get(run.id())) : run)
                .toList();
    }

    private static Map<UUID, Usual> ofRuns(Connection connection, List<UUID> runs) throws SQLException {
        var usual = new HashMap<UUID, Usual>();
        try (var query = connection.prepareStatement(OF_RUNS)) {
            query.setArray(1, connection.createArrayOf("uuid", runs.toArray()));
            read(query.executeQuery(), usual);
        }
        return usual;
    }

    private static boolean isAtWork(Run run) {
        return run.status() == RunStatus.STARTED || run.status() == RunStatus.STOPPING;
    }

    /** By target of the run: the times that its job was done on the same instance, database or project before. */
    static Map<UUID, Usual> ofTargets(Connection connection, UUID run) throws SQLException {
        var usual = new HashMap<UUID, Usual>();
        try (var query = connection.prepareStatement(OF_TARGETS)) {
            query.setObject(1, run);
            read(query.executeQuery(), usual);
        }
        return usual;
    }

    private static void read(ResultSet rows, Map<UUID, Usual> usual) throws SQLException {
        try (rows) {
            while (rows.next()) {
                Usual found = of(rows);
                if (found != null) {
                    usual.put(rows.getObject("id", UUID.class), found);
                }
            }
        }
    }

    private static @Nullable Usual of(ResultSet row) throws SQLException {
        return row.getInt("times") < LEAST
                ? null
                : new Usual(Math.round(row.getDouble("half")), Math.round(row.getDouble("most")));
    }
}
