package dev.nightshift.runtime;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.vault.MasterKey;
import dev.nightshift.vault.MasterKeyMark;
import dev.nightshift.vault.Rotation;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The command that exchanges the master key while no node runs. A kill at any line loses nothing: the repository changes in
 * one transaction, a generated key is on the disk before it, and its file takes its name after it, or with the next start.
 */
public final class RotateMasterKey {
    /** A node that was killed is taken for a running one for so long. */
    private static final Duration NODE_TERM = Duration.ofSeconds(30);

    private RotateMasterKey() {}

    /**
     * Exit code 0 when the key is exchanged, 1 with the reason on the terminal.
     *
     * @param arguments the project's folder; the current one if there is none
     */
    @SuppressWarnings("try") // the lock is held, not used
    public static void main(String[] arguments) {
        Path basedir = Path.of(arguments.length > 0 ? arguments[0] : "")
                .toAbsolutePath()
                .normalize();
        Terminal terminal = new Terminal(System.out);
        System.exit(
                Launcher.said(terminal, () -> {
                            LauncherConfig config = LauncherConfig.from(System.getenv(), basedir);
                            try (DataFolder taken = DataFolder.take(config.data())) {
                                Launch launch = new Launch(config, basedir, terminal);
                                try {
                                    launch.rotateMasterKey();
                                } finally {
                                    launch.stop();
                                }
                            }
                        })
                        ? 0
                        : 1);
    }

    /**
     * Exchanges it in the repository.
     *
     * @return how many projects' keys are wrapped by the new one
     * @throws Failure.Fatal if a node runs, or the old key is not this installation's; nothing is changed then
     */
    static int in(Connection connection, MasterKey from, MasterKey to) throws SQLException, InterruptedException {
        awaitNoNode(connection);
        connection.setAutoCommit(false);
        int projects;
        try {
            projects = Rotation.exchange(connection, from, to);
            try (var entry = connection.prepareStatement("""
                    insert into audit.entry (id, who, who_kind, action, object, details)
                    values (?, 'nightshift', 'SYSTEM', 'master-key.rotate', 'master key',
                            jsonb_strip_nulls(jsonb_build_object(
                                'old', ?::text, 'new', ?::text, 'projects', ?::int, 'kms', ?::text)))
                    """)) {
                entry.setObject(1, Ids.next(Clock.system()));
                entry.setString(2, from.fingerprint());
                entry.setString(3, to.fingerprint());
                entry.setInt(4, projects);
                entry.setString(5, to.mark().kms().map(MasterKeyMark.InKms::uri).orElse(null));
                entry.executeUpdate();
            }
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        }
        try {
            connection.commit();
        } catch (SQLException e) {
            throw new Failure.Fatal(
                    "It is not known whether the master key was exchanged: " + e.getMessage(),
                    "Keep both keys. Run the command again with the old one as before: if it is the wrong one by now, the"
                            + " exchange is done.",
                    e);
        }
        return projects;
    }

    /** A running node would wrap a new project's keys by the old key. */
    private static void awaitNoNode(Connection connection) throws SQLException, InterruptedException {
        Optional<Beating> first = beating(connection);
        Optional<Beating> now = first;
        while (now.isPresent() && first.isPresent()) {
            if (now.get().latest().isAfter(first.get().latest())) {
                throw new Failure.Fatal(
                        "Nightshift runs on this repository: " + now.get().nodes() + ".",
                        "Stop every node, then run the command again.",
                        null);
            }
            Thread.sleep(1000);
            now = beating(connection);
        }
    }

    /** Nodes that may be running, and when the last of them gave a sign. */
    private record Beating(String nodes, Instant latest) {}

    private static Optional<Beating> beating(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                select string_agg(name, ', ' order by name), max(heartbeat_at) from job.node
                 where stopped_at is null and heartbeat_at > now() - make_interval(secs => ?)
                """)) {
            query.setLong(1, NODE_TERM.toSeconds());
            try (var row = query.executeQuery()) {
                row.next();
                String nodes = row.getString(1);
                return nodes == null
                        ? Optional.empty()
                        : Optional.of(new Beating(nodes, row.getTimestamp(2).toInstant()));
            }
        }
    }
}
