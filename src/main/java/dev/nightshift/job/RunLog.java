package dev.nightshift.job;

import dev.nightshift.job.Run.Level;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The lines of the runs' logs, within the transaction whose connection is passed. A run has a limited number: beyond it lines
 * are counted, not kept; warnings and errors go on to twice as many.
 */
@ApplicationScoped
class RunLog {
    @Inject
    private JobConfig config;

    /** Lines of a log that are asked for: of one target, with these words in them, of this weight or a graver one. */
    record Asked(
            @Nullable UUID target,
            @Nullable String words,
            @Nullable Level level) {
        static final Asked ALL = new Asked(null, null, null);
    }

    void append(Connection connection, ProjectId project, UUID run, @Nullable UUID target, Level level, String text)
            throws SQLException {
        append(connection, config.logLines(), project, run, target, level, text);
    }

    static void append(
            Connection connection,
            int limit,
            ProjectId project,
            UUID run,
            @Nullable UUID target,
            Level level,
            String text)
            throws SQLException {
        // Readers go on after the last number they saw: within a run, numbers must become visible in their order.
        try (var lock = connection.prepareStatement(
                "select pg_advisory_xact_lock(hashtextextended('nightshift log ' || ?, 0))")) {
            lock.setString(1, run.toString());
            lock.execute();
        }
        try (var insert = connection.prepareStatement("""
                with before as (
                  select coalesce(max(lines), 0) as lines, coalesce(max(dropped), 0) as dropped from job.log_count where run_id = ?),
                verdict as (select dropped, lines < ? or (? <> 'INFO' and lines < 2 * ?::bigint) as kept from before),
                counted as (
                  insert into job.log_count (run_id, project_id, lines, dropped)
                  select ?, ?, kept::int, (not kept)::int from verdict
                  on conflict (run_id) do update set lines = log_count.lines + excluded.lines,
                                                     dropped = log_count.dropped + excluded.dropped)
                insert into job.log_line (project_id, run_id, target_id, at, level, text)
                select ?, ?, line.target, clock_timestamp(), line.level, line.text
                  from verdict, lateral (values (1, ?::uuid, ?, ?, kept), (2, null, 'WARN', ?, dropped = 0 and not kept))
                                        line (position, target, level, text, said)
                 where line.said order by line.position
                """)) {
            insert.setObject(1, run);
            insert.setInt(2, limit);
            insert.setString(3, level.name());
            insert.setInt(4, limit);
            insert.setObject(5, run);
            insert.setObject(6, project.value());
            insert.setObject(7, project.value());
            insert.setObject(8, run);
            insert.setObject(9, target);
            insert.setString(10, level.name());
            insert.setString(11, LogText.clean(text));
            insert.setString(
                    12,
                    String.format(
                            Locale.ROOT,
                            "Further lines are left out: the limit of %,d lines of a run is reached. Warnings and errors"
                                    + " are kept up to twice as many.",
                            limit));
            insert.executeUpdate();
        }
    }

    /** How many lines of the run were left out. */
    static long dropped(Connection connection, UUID run) throws SQLException {
        try (var query = connection.prepareStatement("select dropped from job.log_count where run_id = ?")) {
            query.setObject(1, run);
            try (var rows = query.executeQuery()) {
                return rows.next() ? rows.getLong(1) : 0;
            }
        }
    }

    /** Oldest first; {@code after} is the sequence number of the last line seen. */
    static Page<Run.LogLine> lines(Connection connection, UUID run, Asked asked, long after, int limit)
            throws SQLException {
        var sql = new StringBuilder("""
                select seq, at, target_id, level, text from job.log_line
                 where project_id = (select tenancy.current_project()) and run_id = ? and seq > ?""");
        List<Object> values = new ArrayList<>(List.of(run, after));
        and(sql, values, "target_id = ?", asked.target());
        and(sql, values, "position(lower(?) in lower(text)) > 0", asked.words());
        if (asked.level() == Level.WARN) {
            sql.append(" and level in ('WARN', 'ERROR')");
        } else if (asked.level() == Level.ERROR) {
            sql.append(" and level = 'ERROR'");
        }
        sql.append(" order by seq limit ").append(limit + 1);
        try (var query = connection.prepareStatement(sql.toString())) {
            for (int i = 0; i < values.size(); i++) {
                query.setObject(i + 1, values.get(i));
            }
            List<Run.LogLine> lines = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    lines.add(new Run.LogLine(
                            rows.getLong("seq"),
                            rows.getTimestamp("at").toInstant(),
                            rows.getObject("target_id", UUID.class),
                            Level.valueOf(rows.getString("level")),
                            rows.getString("text")));
                }
            }
            return Page.of(lines, limit, line -> Long.toString(line.seq()));
        }
    }

    private static void and(StringBuilder sql, List<Object> values, String condition, @Nullable Object value) {
        if (value != null) {
            sql.append(" and ").append(condition);
            values.add(value);
        }
    }
}
