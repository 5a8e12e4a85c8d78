package dev.nightshift.job;

import java.sql.Connection;
import java.sql.SQLException;

/** Tells schedules that follow a job that a run of it has ended, in the transaction of that end. */
final class Followers {
    private Followers() {}

    /**
     * Notes the end for each schedule of the project that follows the job and is not paused, with the databases that this
     * attempt has done: one that failed must not keep the others from what follows.
     */
    static void ended(Connection connection, Attempt attempt) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into job.follow (project_id, schedule_id, run_id, attempt, databases)
                select s.project_id, s.id, ?, ?, done.names
                  from job.schedule s
                 cross join (select array_remove(array_agg(distinct name), null) as names
                               from job.target t left join unnest(t.database_names) as name on true
                              where t.run_id = ? and t.attempt = ? and t.status = 'COMPLETED' having count(*) > 0) done
                 where s.project_id = ? and s.after_job = ? and s.enabled and s.deleted_at is null
                   and not coalesce(s.paused_since <= now() and coalesce(s.paused_until > now(), true), false)
                   and not exists (select from job.pause p
                                    where p.project_id = s.project_id and p.paused_since <= now()
                                      and coalesce(p.paused_until > now(), true))
                   and not exists (select from job.fleet_pause p
                                    where p.paused_since <= now() and coalesce(p.paused_until > now(), true))
                on conflict do nothing
                """)) {
            insert.setObject(1, attempt.run());
            insert.setInt(2, attempt.number());
            insert.setObject(3, attempt.run());
            insert.setInt(4, attempt.number());
            insert.setObject(5, attempt.project().value());
            insert.setString(6, attempt.job());
            insert.executeUpdate();
        }
    }
}
