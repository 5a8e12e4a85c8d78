package dev.nightshift.sandbox;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.testing.FolderBackup;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;

/** A server of a sandbox, from a backup of its source to what it answers. */
final class SandboxServer {
    private SandboxServer() {}

    /** One that recovers a backup of the source up to its restore point, and waits there. */
    static Sandbox restored(Sandboxes sandboxes, Postgres source, Quota quota) throws SQLException, IOException {
        Sandbox sandbox = sandboxes.create("test", quota, new Bytes(0), Duration.ofMinutes(5));
        SandboxFolder to = sandbox.folder();
        FolderBackup.Position position = FolderBackup.take(source, to.data(), to::tablespace, to.wal());
        start(sandbox, source, position, Map.of());
        return sandbox;
    }

    /** Starts it on what is restored. */
    static void start(Sandbox sandbox, Postgres source, FolderBackup.Position position, Map<Path, Path> tablespaces) {
        sandbox.start(source.cluster().binaries(), settings(source, position), tablespaces);
    }

    /** Of a server that recovers up to the restore point. */
    static ServerSettings settings(Postgres source, FolderBackup.Position position) {
        return new ServerSettings(
                source.cluster().binaries().major(),
                "postgres",
                ServerSettings.Recovery.toRestorePoint(position.restorePoint(), position.timeline()),
                Preload.NONE);
    }

    /** Waits until it has come to the restore point, and has it go on by itself. */
    static void promote(Connection connection) throws SQLException, InterruptedException {
        while (!"paused".equals(ask(connection, "select pg_get_wal_replay_pause_state()"))) {
            Thread.sleep(50);
        }
        execute(connection, "select pg_wal_replay_resume()");
        while ("t".equals(ask(connection, "select pg_is_in_recovery()"))) {
            Thread.sleep(50);
        }
    }

    static void execute(Connection connection, String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** What a query answers that answers one text. */
    static String ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }
}
