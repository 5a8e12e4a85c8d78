package dev.nightshift.job;

import dev.nightshift.kernel.Ids;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds the runs that a filter admits, the newest first, by one walk down an index for each status and schedule that is
 * asked for. The statement holds only the conditions that are asked for: one that says {@code ? is null or …} is planned for
 * the worst of them. docs/reference/benchmark.md has figures.
 */
final class RunIds {
    /** An id begins with the time at which its node made it; that node's clock is not the repository's. */
    private static final Duration CLOCKS_DIFFER = Duration.ofDays(1);

    /** Schedules that had one name, one after the other: beyond so many, one walk looks for the runs of all of them. */
    private static final int SCHEDULES = 20;

    private final StringBuilder sql = new StringBuilder();
    private final List<Object> values = new ArrayList<>();

    private RunIds() {}

    /**
     * At most {@code limit} ids.
     *
     * @param after the last one of the page before
     */
    static List<UUID> find(Connection connection, RunFilter filter, @Nullable UUID after, int limit)
            throws SQLException {
        try (var statement = statement(connection, "", filter, after, limit)) {
            List<UUID> ids = new ArrayList<>();
            try (var rows = statement.executeQuery()) {
                while (rows.next()) {
                    ids.add(rows.getObject(1, UUID.class));
                }
            }
            return ids;
        }
    }

    /** With something before it, such as {@code explain}. */
    static PreparedStatement statement(
            Connection connection, String before, RunFilter filter, @Nullable UUID after, int limit)
            throws SQLException {
        var query = new RunIds();
        query.sql.append(before);
        List<UUID> schedules = filter.schedule() == null ? List.of() : schedules(connection, filter.schedule());
        if (filter.schedule() != null && schedules.isEmpty()) {
            query.sql.append("select id from job.run where false");
        } else {
            List<Object> fires = schedules.size() > SCHEDULES
                    ? List.of(connection.createArrayOf("uuid", schedules.toArray()))
                    : List.copyOf(schedules);
            query.branches(filter, fires, after, limit);
        }
        var statement = connection.prepareStatement(query.sql.toString());
        for (int i = 0; i < query.values.size(); i++) {
            statement.setObject(i + 1, query.values.get(i));
        }
        return statement;
    }

    /** Names are given again after a schedule was deleted. */
    private static List<UUID> schedules(Connection connection, String name) throws SQLException {
        try (var query = connection.prepareStatement(
                "select id from job.schedule where name = ? order by deleted_at desc nulls first")) {
            query.setString(1, name);
            List<UUID> ids = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    ids.add(rows.getObject(1, UUID.class));
                }
            }
            return ids;
        }
    }

    private void branches(RunFilter filter, List<Object> schedules, @Nullable UUID after, int limit) {
        var statuses = orNone(filter.statuses());
        var fires = orNone(schedules);
        boolean several = statuses.size() * fires.size() > 1;
        String union = several ? "select id from (" : "";
        for (RunStatus status : statuses) {
            for (Object schedule : fires) {
                sql.append(union).append(several ? "(" : "");
                branch(filter, status, schedule, after, limit);
                sql.append(several ? ")" : "");
                union = " union all ";
            }
        }
        if (several) {
            // No run has two states, or two schedules.
            sql.append(") branches order by id desc limit ").append(limit);
        }
    }

    private static <T> List<@Nullable T> orNone(Collection<T> some) {
        List<@Nullable T> all = new ArrayList<>(some);
        if (all.isEmpty()) {
            all.add(null);
        }
        return all;
    }

    private void branch(
            RunFilter filter, @Nullable RunStatus status, @Nullable Object schedule, @Nullable UUID after, int limit) {
        boolean database = filter.database() != null;
        sql.append("select r.id from job.run r");
        if (database) {
            sql.append(" join job.run_database d on d.project_id = r.project_id and d.run_id = r.id");
        }
        sql.append(" where true");
        and("d.name = ?", filter.database());
        and("r.job = ?", filter.job());
        and("r.status = ?", status == null ? null : status.name());
        and("r.trigger = ?", filter.trigger() == null ? null : filter.trigger().name());
        and(schedule instanceof Array ? "r.schedule_id = any (?)" : "r.schedule_id = ?", schedule);
        and("r.created_at >= ?", filter.from() == null ? null : Timestamp.from(filter.from()));
        and("r.created_at < ?", filter.to() == null ? null : Timestamp.from(filter.to()));
        // The planner passes on what is equal between the two tables, not what is less.
        for (String id : database ? List.of("r.id", "d.run_id") : List.of("r.id")) {
            and(id + " < ?", after);
            and(
                    id + " >= ?",
                    filter.from() == null ? null : Ids.first(filter.from().minus(CLOCKS_DIFFER)));
            and(id + " < ?", filter.to() == null ? null : Ids.first(filter.to().plus(CLOCKS_DIFFER)));
        }
        // As a number in the text: a plan that does not know it reckons with a tenth of all rows.
        sql.append(" order by r.id desc limit ").append(limit);
    }

    private void and(String condition, @Nullable Object value) {
        if (value != null) {
            sql.append(" and ").append(condition);
            values.add(value);
        }
    }
}
