package dev.nightshift.job.schedule;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What holds schedules back: pauses of projects and of the fleet, and blackouts; all within the caller's transaction. */
final class CalendarRepository {
    /** An id begins with the time at which its node made it; that node's clock is not the repository's. */
    private static final Duration CLOCKS_DIFFER = Duration.ofDays(1);

    private CalendarRepository() {}

    /** The last pause of the transaction's project, over or not. */
    static Optional<Pause> pause(Connection connection) throws SQLException {
        return pauses(connection, "select paused_since, paused_until, paused_by, paused_why from job.pause").stream()
                .findFirst();
    }

    /** The last pause of the fleet, over or not. */
    static Optional<Pause> fleetPause(Connection connection) throws SQLException {
        return pauses(connection, "select paused_since, paused_until, paused_by, paused_why from job.fleet_pause")
                .stream()
                .findFirst();
    }

    /** A run in the calendar. */
    record PastRun(
            UUID id,
            String job,
            @Nullable String schedule,
            String status,
            @Nullable String reason,
            Instant at,
            @Nullable Instant endedAt) {}

    /** What stands between two times, the newest first: a run stands at the time that it was due, or was asked for. */
    static List<PastRun> runs(Connection connection, Instant from, Instant to, int most) throws SQLException {
        // Two walks down an index each: one on what is due or made would not be used under row level security
        try (var query = connection.prepareStatement("""
                select r.id, r.job, s.name as schedule, r.status, r.reason, r.at, r.ended_at
                  from ((select d.*, d.fire_at as at from job.run d
                          where d.project_id = tenancy.current_project() and d.fire_at >= ? and d.fire_at < ?
                          order by d.fire_at desc limit ?)
                        union all
                        (select m.*, m.created_at as at from job.run m
                          where m.project_id = tenancy.current_project() and m.fire_at is null and m.id >= ? and m.id < ?
                            and m.created_at >= ? and m.created_at < ?
                          order by m.id desc limit ?)) r
                  left join job.schedule s on s.project_id = r.project_id and s.id = r.schedule_id
                 order by r.at desc limit ?
                """)) {
            query.setTimestamp(1, Timestamp.from(from));
            query.setTimestamp(2, Timestamp.from(to));
            query.setInt(3, most);
            query.setObject(4, Ids.first(from.minus(CLOCKS_DIFFER)));
            query.setObject(5, Ids.first(to.plus(CLOCKS_DIFFER)));
            query.setTimestamp(6, Timestamp.from(from));
            query.setTimestamp(7, Timestamp.from(to));
            query.setInt(8, most);
            query.setInt(9, most);
            List<PastRun> runs = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    runs.add(new PastRun(
                            rows.getObject("id", UUID.class),
                            rows.getString("job"),
                            rows.getString("schedule"),
                            rows.getString("status"),
                            rows.getString("reason"),
                            rows.getTimestamp("at").toInstant(),
                            instant(rows, "ended_at")));
                }
            }
            return runs;
        }
    }

    /** What holds a schedule back. */
    static Fires.Calendar of(Connection connection, Schedule schedule) throws SQLException {
        return of(schedule, pauses(connection), blackouts(connection));
    }

    /** The last pauses of the transaction's project and of the fleet, over or not. */
    static List<Pause> pauses(Connection connection) throws SQLException {
        return pauses(connection, """
                select paused_since, paused_until, paused_by, paused_why from job.pause
                union all select paused_since, paused_until, paused_by, paused_why from job.fleet_pause
                """);
    }

    /** @param pauses those of its project and of the fleet */
    static Fires.Calendar of(Schedule schedule, List<Pause> pauses, List<Blackout> blackouts) {
        List<Pause> all = new ArrayList<>(pauses);
        schedule.pause().ifPresent(all::add);
        return new Fires.Calendar(
                all,
                schedule.exceptions(),
                blackouts.stream()
                        .filter(blackout -> blackout.concerns(schedule.job()))
                        .toList());
    }

    private static List<Pause> pauses(Connection connection, String sql) throws SQLException {
        try (var query = connection.prepareStatement(sql);
                var rows = query.executeQuery()) {
            List<Pause> pauses = new ArrayList<>();
            while (rows.next()) {
                pauses.add(new Pause(
                        rows.getTimestamp(1).toInstant(),
                        instant(rows, "paused_until"),
                        rows.getString(3),
                        rows.getString(4)));
            }
            return pauses;
        }
    }

    static void pause(Connection connection, ProjectId project, Pause pause) throws SQLException {
        try (var write = connection.prepareStatement("""
                insert into job.pause (project_id, paused_since, paused_until, paused_by, paused_why) values (?, ?, ?, ?, ?)
                on conflict (project_id) do update set paused_since = excluded.paused_since,
                    paused_until = excluded.paused_until, paused_by = excluded.paused_by, paused_why = excluded.paused_why
                """)) {
            write.setObject(1, project.value());
            write.setTimestamp(2, Timestamp.from(pause.since()));
            write.setTimestamp(3, timestamp(pause.until()));
            write.setString(4, pause.by());
            write.setString(5, pause.why());
            write.executeUpdate();
        }
    }

    static void fleetPause(Connection connection, Pause pause) throws SQLException {
        try (var write = connection.prepareStatement("""
                insert into job.fleet_pause (one, paused_since, paused_until, paused_by, paused_why) values (true, ?, ?, ?, ?)
                on conflict (one) do update set paused_since = excluded.paused_since,
                    paused_until = excluded.paused_until, paused_by = excluded.paused_by, paused_why = excluded.paused_why
                """)) {
            write.setTimestamp(1, Timestamp.from(pause.since()));
            write.setTimestamp(2, timestamp(pause.until()));
            write.setString(3, pause.by());
            write.setString(4, pause.why());
            write.executeUpdate();
        }
    }

    /** By their beginning. */
    static List<Blackout> blackouts(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select id, name, starts, ends, zone, yearly, jobs from job.blackout order by starts, name
                        """);
                var rows = query.executeQuery()) {
            List<Blackout> blackouts = new ArrayList<>();
            while (rows.next()) {
                blackouts.add(new Blackout(
                        rows.getObject("id", UUID.class),
                        rows.getString("name"),
                        rows.getObject("starts", LocalDateTime.class),
                        rows.getObject("ends", LocalDateTime.class),
                        ZoneId.of(rows.getString("zone")),
                        rows.getBoolean("yearly"),
                        List.of((String[]) rows.getArray("jobs").getArray())));
            }
            return blackouts;
        }
    }

    /** @throws Failure.Conflict if the name is taken */
    static void add(Connection connection, ProjectId project, Blackout blackout, String by) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into job.blackout (id, project_id, name, starts, ends, zone, yearly, jobs, created_by)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (project_id, name) do nothing
                """)) {
            insert.setObject(1, blackout.id());
            insert.setObject(2, project.value());
            insert.setString(3, blackout.name());
            insert.setObject(4, blackout.starts());
            insert.setObject(5, blackout.ends());
            insert.setString(6, blackout.zone().getId());
            insert.setBoolean(7, blackout.yearly());
            Array jobs = connection.createArrayOf("text", blackout.jobs().toArray());
            insert.setArray(8, jobs);
            insert.setString(9, by);
            if (insert.executeUpdate() == 0) {
                throw new Failure.Conflict(
                        "This project has a blackout named " + blackout.name() + " already.",
                        "Choose another name, or delete that one.");
            }
        }
    }

    static boolean delete(Connection connection, UUID blackout) throws SQLException {
        try (var delete = connection.prepareStatement("delete from job.blackout where id = ?")) {
            delete.setObject(1, blackout);
            return delete.executeUpdate() == 1;
        }
    }

    private static @Nullable Timestamp timestamp(@Nullable Instant time) {
        return time == null ? null : Timestamp.from(time);
    }

    private static @Nullable Instant instant(ResultSet rows, String column) throws SQLException {
        Timestamp at = rows.getTimestamp(column);
        return at == null ? null : at.toInstant();
    }
}
