package dev.nightshift.job;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A run under way of which nothing has moved for longer than its whole job has ever been known to take, and for ten minutes
 * at least.
 */
@ApplicationScoped
class StillRuns implements SelfCheck {
    static final String KIND = "run.still";

    /** A large table is vacuumed, or a slow store written to, for minutes between two words of progress. */
    static final Duration LEAST = Duration.ofMinutes(10);

    @Inject
    private SelfChecks checks;

    @Override
    public void check() {
        checks.check(KIND, "job.still_runs", LEAST, StillRuns::judge);
    }

    /** @param usualMost the 99th percentile of the job's durations; null when not measured */
    static boolean isTooLong(Duration still, @Nullable Duration usualMost) {
        Duration most = usualMost == null || usualMost.compareTo(LEAST) < 0 ? LEAST : usualMost;
        return still.compareTo(most) > 0;
    }

    private static Optional<FindingReport> judge(Connection connection, SelfChecks.Suspect suspect)
            throws SQLException {
        try (var query = connection.prepareStatement("""
                select r.job, n.name as node,
                       extract(epoch from now() - greatest(a.created_at, moved.at)) * 1000 as still,
                       (select percentile_cont(0.99) within group (order by extract(epoch from e.ended_at - e.started_at) * 1000)
                          from (select started_at, ended_at from job.run
                                 where project_id = tenancy.current_project() and job = r.job and status = 'COMPLETED'
                                   and attempt = 1 and started_at is not null and ended_at is not null
                                 order by id desc limit 200) e) as usual_most,
                       array(select distinct unnest(t.database_names) from job.target t
                              where t.project_id = r.project_id and t.run_id = r.id and t.status = 'STARTED'
                              order by 1 limit 5) as names
                  from job.run r
                  join job.attempt a on a.project_id = r.project_id and a.run_id = r.id and a.number = r.attempt
                  join job.node n on n.id = a.node_id
                  left join lateral (
                       select max(greatest(t.progress_at, t.started_at, t.ended_at, s.started_at, s.ended_at)) as at
                         from job.target t left join job.step s on s.project_id = t.project_id and s.target_id = t.id
                        where t.project_id = r.project_id and t.run_id = r.id) moved on true
                 where r.id = ? and r.status in ('STARTED', 'STOPPING')
                """)) {
            query.setObject(1, suspect.id());
            try (var rows = query.executeQuery()) {
                return rows.next() ? judge(rows, suspect) : Optional.empty();
            }
        }
    }

    private static Optional<FindingReport> judge(ResultSet rows, SelfChecks.Suspect suspect) throws SQLException {
        Duration still = Duration.ofMillis(rows.getLong("still"));
        double measured = rows.getDouble("usual_most");
        Duration usualMost = rows.wasNull() ? null : Duration.ofMillis(Math.round(measured));
        if (!isTooLong(still, usualMost)) {
            return Optional.empty();
        }
        String[] names = (String[]) rows.getArray("names").getArray();
        String job = rows.getString("job");
        return Optional.of(new FindingReport(
                KIND + ":" + suspect.id(),
                new Subject(Subject.Kind.RUN, suspect.id(), names.length == 0 ? job : String.join(", ", names)),
                Severity.WARNING,
                "A " + job + " run makes no progress",
                "Nothing of it has moved for " + still.toMinutes() + " min on node " + rows.getString("node") + "; "
                        + (usualMost == null
                                ? "how long the job usually takes is not measured."
                                : "of 100 runs of the job, 99 took less than " + Math.max(1, usualMost.toMinutes())
                                        + " min in all."),
                "See its log, and what its target does. Stop it; where that does not end it, declare it dead.",
                Json.createObjectBuilder()
                        .add("job", job)
                        .add("stillMillis", still.toMillis())
                        .build(),
                suspect.id()));
    }
}
