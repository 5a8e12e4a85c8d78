package dev.nightshift.console;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The start page's questions across the features, within a transaction of the project. */
@ApplicationScoped
class OverviewRepository {
    /** The timeline reaches from an evening to the next morning's coffee. */
    private static final Duration NIGHT = Duration.ofHours(12);

    /** It begins with the first work in it, so that a short night is not a thin line at the edge; hours would not be seen in less. */
    private static final Duration SHORTEST_NIGHT = Duration.ofMinutes(10);

    /** A tenth of the width stays free on both sides: what runs now is not at the edge. */
    private static final int MARGIN = 10;

    /** More lanes than a page can show are not asked for; those of what failed come first. */
    private static final int LANES = 50;

    private static final int BARS = 1000;

    Overview read(Connection connection) throws SQLException {
        return new Overview(
                databases(connection),
                lastNight(connection),
                waiting(connection),
                findings(connection),
                night(connection));
    }

    private static Overview.Databases databases(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select count(*)::int, count(proven.at)::int, min(proven.at)
                          from fleet.database d
                          join fleet.instance i on i.project_id = d.project_id and i.id = d.instance_id
                          left join lateral (select backup.proven_at(d.project_id, d.instance_id) as at) proven
                            on i.proof_days = 0 or proven.at > now() - make_interval(days => i.proof_days)
                         where d.project_id = tenancy.current_project() and d.deleted_at is null
                        """);
                var rows = query.executeQuery()) {
            rows.next();
            return new Overview.Databases(rows.getInt(1), rows.getInt(2), instant(rows, 3));
        }
    }

    private static Overview.LastNight lastNight(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select count(*) filter (where status = 'COMPLETED')::int,
                               count(*) filter (where status in ('FAILED', 'PARTIAL', 'LOST'))::int,
                               min(started_at), max(ended_at)
                          from job.run where project_id = tenancy.current_project() and ended_at > now() - interval '24 hours'
                        """);
                var rows = query.executeQuery()) {
            rows.next();
            return new Overview.LastNight(rows.getInt(1), rows.getInt(2), instant(rows, 3), instant(rows, 4));
        }
    }

    private static Overview.Waiting waiting(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select (select count(*)::int from job.run
                                 where project_id = tenancy.current_project() and status in ('QUEUED', 'WAITING')),
                               next.next_fire, next.job
                          from (select 1) one
                          left join lateral (select s.next_fire, s.job from job.schedule s
                                              where s.project_id = tenancy.current_project() and s.enabled and s.deleted_at is null
                                                and s.next_fire is not null
                                                and not exists (select from (
                                                      select s.paused_since, s.paused_until
                                                      union all select paused_since, paused_until from job.pause
                                                      union all select paused_since, paused_until from job.fleet_pause) p
                                                     where p.paused_since <= now() and coalesce(p.paused_until > now(), true))
                                              order by s.next_fire limit 1) next on true
                        """);
                var rows = query.executeQuery()) {
            rows.next();
            return new Overview.Waiting(rows.getInt(1), instant(rows, 2), rows.getString(3));
        }
    }

    private static Overview.FindingCounts findings(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select count(*) filter (where severity = 'CRITICAL')::int, count(*) filter (where severity = 'WARNING')::int,
                               count(*) filter (where severity = 'INFO')::int,
                               (array_agg(title order by array_position(array['CRITICAL', 'WARNING', 'INFO'], severity), id desc))[1]
                          from finding.finding where project_id = tenancy.current_project() and state = 'OPEN'
                        """);
                var rows = query.executeQuery()) {
            rows.next();
            return new Overview.FindingCounts(rows.getInt(1), rows.getInt(2), rows.getInt(3), rows.getString(4));
        }
    }

    private static Overview.Night night(Connection connection) throws SQLException {
        Instant now = now(connection);
        Instant earliest = now.minus(NIGHT);
        List<Overview.Lane> lanes;
        try (var query = connection.prepareStatement("""
                with tonight as materialized (
                  select r.id as run, r.job, t.status, t.started_at, t.ended_at, t.reason, t.instance_id, t.database_names
                    from job.target t join job.run r on r.project_id = t.project_id and r.id = t.run_id
                   where t.project_id = tenancy.current_project() and t.started_at < ? and (t.ended_at > ? or t.ended_at is null)
                ), lane as (
                  select d.name, d.instance_id,
                         case when bool_or(tonight.status in ('FAILED', 'LOST')) then 1
                              when bool_or(tonight.status = 'STARTED') then 2
                              when count(tonight.run) > 0 then 3 else 4 end as need
                    from fleet.database d
                    left join tonight on tonight.instance_id = d.instance_id and d.name = any (tonight.database_names)
                   where d.project_id = tenancy.current_project() and d.deleted_at is null
                   group by d.id, d.name, d.instance_id
                   order by need, d.name limit ?
                )
                select lane.name as database, bar.*
                  from lane
                  left join lateral (
                    select run, job, status, started_at, ended_at, reason from tonight
                     where instance_id = lane.instance_id and lane.name = any (database_names)
                     order by started_at limit ?) bar on true
                 order by lane.need, lane.name, bar.started_at
                """)) {
            query.setTimestamp(1, Timestamp.from(now));
            query.setTimestamp(2, Timestamp.from(earliest));
            query.setInt(3, LANES);
            query.setInt(4, BARS);
            lanes = lanes(query.executeQuery());
        }
        Instant first = lanes.stream()
                .flatMap(lane -> lane.bars().stream())
                .map(Overview.Bar::from)
                .min(Comparator.naturalOrder())
                .orElse(earliest);
        return span(earliest, first, now, lanes);
    }

    /** From the first work to now, with room on both sides. */
    static Overview.Night span(Instant earliest, Instant first, Instant now, List<Overview.Lane> lanes) {
        Instant begin = first.isBefore(earliest) ? earliest : first;
        Duration length = Duration.between(begin, now);
        if (length.compareTo(SHORTEST_NIGHT) < 0) {
            length = SHORTEST_NIGHT;
        }
        Duration margin = length.dividedBy(MARGIN);
        Instant from = now.minus(length).minus(margin);
        return new Overview.Night(from.isBefore(earliest) ? earliest : from, now.plus(margin), lanes);
    }

    private static List<Overview.Lane> lanes(ResultSet rows) throws SQLException {
        var lanes = new ArrayList<Overview.Lane>();
        var bars = new ArrayList<Overview.Bar>();
        String database = null;
        try (rows) {
            while (rows.next()) {
                String name = rows.getString("database");
                if (database != null && !database.equals(name)) {
                    lanes.add(new Overview.Lane(database, List.copyOf(bars)));
                    bars.clear();
                }
                database = name;
                UUID run = rows.getObject("run", UUID.class);
                Timestamp started = rows.getTimestamp("started_at");
                if (run != null && started != null) {
                    Timestamp ended = rows.getTimestamp("ended_at");
                    bars.add(new Overview.Bar(
                            run,
                            rows.getString("job"),
                            rows.getString("status"),
                            started.toInstant(),
                            ended == null ? null : ended.toInstant(),
                            rows.getString("reason")));
                }
            }
        }
        if (database != null) {
            lanes.add(new Overview.Lane(database, List.copyOf(bars)));
        }
        return lanes;
    }

    private static Instant now(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("select now()");
                var rows = query.executeQuery()) {
            rows.next();
            return rows.getTimestamp(1).toInstant();
        }
    }

    private static @Nullable Instant instant(ResultSet rows, int column) throws SQLException {
        Timestamp at = rows.getTimestamp(column);
        return at == null ? null : at.toInstant();
    }
}
