package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The exchange of the master key: every project's keys are wrapped by another one. The keys themselves stay, so that stored
 * backups and sealed passwords need not be written anew.
 */
public final class Rotation {
    private Rotation() {}

    /**
     * Wraps all keys anew, in the transaction of a connection as the repository's owner: all of them or none.
     *
     * @return of how many projects
     * @throws Failure.Fatal if {@code from} is not this installation's master key, or a project's keys do not open with it
     */
    public static int exchange(Connection connection, MasterKey from, MasterKey to) throws SQLException {
        from.mustBe(locked(connection).fingerprint());
        try (var lock = connection.createStatement()) {
            lock.execute("lock table vault.project_key in share row exclusive mode"); // no new project's keys meanwhile
        }
        Map<ProjectId, String> wrapped = new LinkedHashMap<>();
        try (var query = connection.prepareStatement("select project_id, wrapped from vault.project_key for update");
                var rows = query.executeQuery()) {
            while (rows.next()) {
                wrapped.put(new ProjectId(rows.getObject(1, UUID.class)), rows.getString(2));
            }
        }
        try (var update =
                connection.prepareStatement("update vault.project_key set wrapped = ? where project_id = ?")) {
            for (var each : wrapped.entrySet()) {
                ProjectId project = each.getKey();
                String anew = ProjectKeys.unwrap(project, each.getValue(), from).wrap(to);
                ProjectKeys.unwrap(project, anew, to); // before the old form is gone
                update.setString(1, anew);
                update.setObject(2, project.value());
                update.addBatch();
            }
            update.executeBatch();
        }
        try (var update = connection.prepareStatement("""
                update vault.master_key set fingerprint = ?, kms_uri = ?, kms_check = ?, rotated_at = now()
                """)) {
            to.mark().set(update);
            update.executeUpdate();
        }
        return wrapped.size();
    }

    private static MasterKeyMark locked(Connection connection) throws SQLException {
        return MasterKeyMark.read(connection, true)
                .orElseThrow(() -> new Failure.Fatal(
                        "This installation has no master key yet: nothing was encrypted under one.",
                        "Start Nightshift with the key that it is to have.",
                        null));
    }
}
