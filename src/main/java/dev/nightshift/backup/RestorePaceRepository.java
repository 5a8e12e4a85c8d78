package dev.nightshift.backup;

import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;

/** How long restores took, within the transaction whose connection is passed. */
@ApplicationScoped
class RestorePaceRepository {
    /** In place of what was measured before of the same part, instance and store. */
    void put(Connection connection, ProjectId project, UUID instance, RestorePace pace) throws SQLException {
        try (var upsert = connection.prepareStatement("""
                insert into backup.restore_pace (project_id, instance_id, store, part, kind, run_id, at, bytes, millis)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (project_id, instance_id, store, part) do update
                   set kind = excluded.kind, run_id = excluded.run_id, at = excluded.at, bytes = excluded.bytes,
                       millis = excluded.millis
                """)) {
            int at = 0;
            upsert.setObject(++at, project.value());
            upsert.setObject(++at, instance);
            upsert.setString(++at, pace.store());
            upsert.setString(++at, pace.part().name());
            upsert.setString(++at, pace.kind().name());
            upsert.setObject(++at, pace.run());
            upsert.setTimestamp(++at, Timestamp.from(pace.at()));
            upsert.setLong(++at, pace.bytes());
            upsert.setLong(++at, pace.millis());
            upsert.executeUpdate();
        }
    }

    /** What was measured last of each part. */
    Map<RestorePace.Part, RestorePace> of(Connection connection, UUID instance, String store) throws SQLException {
        try (var query = connection.prepareStatement("""
                select part, kind, run_id, store, at, bytes, millis from backup.restore_pace
                 where instance_id = ? and store = ?
                """)) {
            query.setObject(1, instance);
            query.setString(2, store);
            Map<RestorePace.Part, RestorePace> paces = new EnumMap<>(RestorePace.Part.class);
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    var part = RestorePace.Part.valueOf(rows.getString("part"));
                    paces.put(
                            part,
                            new RestorePace(
                                    part,
                                    RestorePace.Kind.valueOf(rows.getString("kind")),
                                    rows.getObject("run_id", UUID.class),
                                    rows.getString("store"),
                                    rows.getTimestamp("at").toInstant(),
                                    rows.getLong("bytes"),
                                    rows.getLong("millis")));
                }
            }
            return paces;
        }
    }
}
