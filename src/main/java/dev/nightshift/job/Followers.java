package dev.nightshift.job;

import java.sql.Connection;
import java.sql.SQLException;

/** Tells schedules that follow a job that a run of it has ended, in the transaction of that end. */
final class Followers {
    private Followers() {}

    /**
     * Notes the end for each schedule of the project that follows the job and is not paused, with the databases that the run
     * has done since the last end that was told: one that failed must not keep the others from what follows, and one that was
     * done before the node died, or before a stop, is told with the end that comes.
     */
    static void ended(Connection connection, Attempt attempt) throws SQLException {
        try (var insert = connection.prepareStatement("""
                        insert into job.follow (project_id, schedule_id, run_id, attempt, databases)
                        select s.project_id, s.id, r.id, ?, done.names
                          from job.run r
                          join job.schedule s on s.project_id = r.project_id and s.after_job = r.job
                         cross join lateral
                               (select array_remove(array_agg(distinct name), null) as names
                                  from job.target t left join unnest(t.database_names) as name on true
                                 where t.project_id = r.project_id and t.run_id = r.id and t.attempt > r.told_attempt
                                   and t.status = 'COMPLETED' having count(*) > 0) done
                         where r.id = ? and s.enabled and s.deleted_at is null
                           and not exists (select from (
                                 select s.paused_since, s.paused_until
                                 union all select p.paused_since, p.paused_until from job.pause p
                                  where p.project_id = s.project_id
                                 union all select p.paused_since, p.paused_until from job.fleet_pause p) pause
                                where pause.paused_since <= now() and coalesce(pause.paused_until > now(), true))
                        on conflict do nothing
                        """);
                var told = connection.prepareStatement("update job.run set told_attempt = ? where id = ?")) {
            insert.setInt(1, attempt.number());
            insert.setObject(2, attempt.run());
            insert.executeUpdate();
            told.setInt(1, attempt.number());
            told.setObject(2, attempt.run());
            told.executeUpdate();
        }
    }
}
