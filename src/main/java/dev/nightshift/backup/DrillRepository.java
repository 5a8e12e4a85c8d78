package dev.nightshift.backup;

import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What drills came to, within the transaction whose connection is passed. */
@ApplicationScoped
class DrillRepository {
    private static final String COLUMNS = """
            select id, instance_id, backup_id, run_id, store, at, chosen, point, level, outcome, reason, rto_millis, proven_millis,
                   kit_made_at
              from backup.drill
            """;

    /** Entering one twice changes nothing. */
    void insert(Connection connection, ProjectId project, Drill drill) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.drill (id, project_id, instance_id, backup_id, run_id, store, at, chosen, point, level, outcome,
                    reason, rto_millis, proven_millis, kit_made_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing
                """)) {
            int at = 0;
            insert.setObject(++at, drill.id());
            insert.setObject(++at, project.value());
            insert.setObject(++at, drill.instance());
            insert.setObject(++at, drill.backup());
            insert.setObject(++at, drill.run());
            insert.setString(++at, drill.store());
            insert.setTimestamp(++at, Timestamp.from(drill.at()));
            insert.setString(++at, drill.chosen());
            insert.setString(++at, drill.point());
            insert.setInt(++at, drill.level());
            insert.setString(++at, drill.outcome());
            insert.setString(++at, drill.reason());
            insert.setObject(++at, drill.rtoMillis());
            insert.setObject(++at, drill.provenMillis());
            insert.setTimestamp(++at, drill.kitMadeAt() == null ? null : Timestamp.from(drill.kitMadeAt()));
            insert.executeUpdate();
        }
    }

    /** Of an instance, newest first. */
    Page<Drill> list(Connection connection, UUID instance, @Nullable UUID after, int limit) throws SQLException {
        try (var query = connection.prepareStatement(
                COLUMNS + " where instance_id = ? and (?::uuid is null or id < ?::uuid) order by id desc limit ?")) {
            query.setObject(1, instance);
            query.setObject(2, after);
            query.setObject(3, after);
            query.setInt(4, limit + 1);
            List<Drill> drills = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    drills.add(drill(rows));
                }
            }
            boolean more = drills.size() > limit;
            List<Drill> page = more ? drills.subList(0, limit) : drills;
            return new Page<>(page, more ? page.get(limit - 1).id().toString() : null);
        }
    }

    /** How long restores of an instance took until the server answered, where that was measured; newest first. */
    List<Long> rtoMillis(Connection connection, UUID instance, int most) throws SQLException {
        try (var query = connection.prepareStatement(
                "select rto_millis from backup.drill where instance_id = ? and rto_millis is not null"
                        + " order by id desc limit ?")) {
            query.setObject(1, instance);
            query.setInt(2, most);
            List<Long> times = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    times.add(rows.getLong(1));
                }
            }
            return times;
        }
    }

    private static Drill drill(ResultSet row) throws SQLException {
        Timestamp kit = row.getTimestamp("kit_made_at");
        return new Drill(
                row.getObject("id", UUID.class),
                row.getObject("instance_id", UUID.class),
                row.getObject("backup_id", UUID.class),
                row.getObject("run_id", UUID.class),
                row.getString("store"),
                row.getTimestamp("at").toInstant(),
                row.getString("chosen"),
                row.getString("point"),
                row.getInt("level"),
                row.getString("outcome"),
                row.getString("reason"),
                row.getObject("rto_millis", Long.class),
                row.getObject("proven_millis", Long.class),
                kit == null ? null : kit.toInstant());
    }
}
