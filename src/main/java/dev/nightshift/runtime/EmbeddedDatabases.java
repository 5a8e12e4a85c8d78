package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.postgres.Binaries;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.postgresql.PGConnection;

/** The two clusters of the embedded mode, apart from each other: what keeps the books, and what the demo takes care of. */
final class EmbeddedDatabases {
    static final String REPOSITORY = "nightshift";
    static final String OWNER = "nightshift_owner";
    static final String APP = "nightshift_app";

    /** For backups of the repository itself; nobody logs in as it before somebody registers the repository. */
    static final String BACKUP = "nightshift_backup";

    /** Recovery of a large cluster after a kill takes its time. */
    private static final Duration DEADLINE = Duration.ofMinutes(3);

    private EmbeddedDatabases() {}

    /**
     * Starts the repository's server with its database and its roles.
     *
     * @throws Failure.Fatal if it does not start, or if there is a cluster but no longer its password
     */
    static EmbeddedCluster repository(
            Binaries binaries, Path folder, int port, Secrets secrets, Consumer<String> shown) {
        refuseLostPassword(folder, secrets, Secrets.SUPERUSER_PASSWORD);
        EmbeddedCluster cluster = EmbeddedCluster.start(
                binaries,
                EmbeddedCluster.Options.in(folder, secrets.password(Secrets.SUPERUSER_PASSWORD))
                        .withPort(port)
                        .withDeadline(DEADLINE)
                        .withSettings(Map.of(
                                "shared_buffers",
                                "128MB",
                                "max_connections",
                                "120",
                                // For a backup of its own: the rows' evidence, incremental backups, a limit for its
                                // slot
                                "wal_level",
                                "logical",
                                "summarize_wal",
                                "on",
                                "max_slot_wal_keep_size",
                                "2GB")));
        try {
            awaitRecovery(cluster, shown);
            try (Connection connection = cluster.connect("postgres")) {
                role(connection, OWNER, secrets.password(Secrets.OWNER_PASSWORD));
                role(connection, APP, secrets.password(Secrets.APP_PASSWORD));
                role(connection, BACKUP, secrets.password(Secrets.BACKUP_PASSWORD));
                database(connection);
            }
            try (Connection connection = cluster.connect(REPOSITORY)) {
                mayBackUp(connection);
            }
            return cluster;
        } catch (Failure e) {
            cluster.stop();
            throw e;
        } catch (SQLException e) {
            cluster.stop();
            throw new Failure.Fatal("The repository database could not be prepared: " + e.getMessage(), null, e);
        }
    }

    /** Starts the demo's server: set up as a server should be that is to be backed up and watched. */
    static EmbeddedCluster demo(Binaries binaries, Path folder, int port, Secrets secrets) {
        refuseLostPassword(folder, secrets, Secrets.DEMO_SUPERUSER_PASSWORD);
        Map<String, String> settings = new TreeMap<>(Map.of(
                "wal_level", "logical",
                "summarize_wal", "on",
                "max_wal_senders", "10",
                "max_replication_slots", "10",
                "max_slot_wal_keep_size", "2GB",
                "shared_buffers", "128MB",
                "max_wal_size", "2GB",
                "track_io_timing", "on",
                // Nobody works on it whom a checkpoint's writing disturbs: a backup need not wait for a slow one
                "checkpoint_completion_target", "0"));
        if (binaries.hasExtension("pg_stat_statements")) {
            settings.put("shared_preload_libraries", "pg_stat_statements");
        }
        return EmbeddedCluster.start(
                binaries,
                EmbeddedCluster.Options.in(folder, secrets.password(Secrets.DEMO_SUPERUSER_PASSWORD))
                        .withPort(port)
                        .withDeadline(DEADLINE)
                        .withSettings(settings));
    }

    /**
     * A server that was restored lets readers in while it still goes through its archived log. However long that takes: whoever
     * stops it in between has it begin again.
     */
    private static void awaitRecovery(EmbeddedCluster cluster, Consumer<String> shown) throws SQLException {
        try (Connection connection = cluster.connect("postgres");
                Statement statement = connection.createStatement()) {
            for (int waits = 0; recovers(statement); waits++) {
                if (waits % 60 == 0) {
                    shown.accept("The repository goes through its archived log; its server.log says how far it is.");
                }
                Thread.sleep(1_000);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure.Fatal("Stopped while the repository was recovering.", null, e);
        }
    }

    private static boolean recovers(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("select pg_is_in_recovery()")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private static void refuseLostPassword(Path folder, Secrets secrets, String secret) {
        if (Files.exists(folder.resolve("data")) && !secrets.has(secret)) {
            throw new Failure.Fatal(
                    "There is a database in " + folder + ", but its password is gone: " + secrets.file(secret) + ".",
                    "Put the secrets' folder back from your copy, or move the data folder away to begin anew.",
                    null);
        }
    }

    private static void role(Connection connection, String name, String password) throws SQLException {
        if (!exists(connection, "select 1 from pg_roles where rolname = ?", name)) {
            execute(connection, "create role " + new Identifier(name) + " login nosuperuser nocreatedb nocreaterole");
        }
        // Sends the SCRAM verifier, so that no log of the server ever holds the password
        connection.unwrap(PGConnection.class).alterUserPassword(name, password.toCharArray(), "scram-sha-256");
    }

    private static void database(Connection connection) throws SQLException {
        Identifier database = new Identifier(REPOSITORY);
        if (!exists(connection, "select 1 from pg_database where datname = ?", REPOSITORY)) {
            execute(connection, "create database " + database + " owner " + new Identifier(OWNER));
        }
        execute(connection, "revoke all on database " + database + " from public");
        execute(connection, "grant connect, temporary on database " + database + " to " + new Identifier(APP));
    }

    /** What the guide to the least-privileged role asks for backups and their proofs, and no more. */
    private static void mayBackUp(Connection connection) throws SQLException {
        Identifier role = new Identifier(BACKUP);
        execute(connection, "alter role " + role + " replication bypassrls");
        execute(connection, "grant pg_monitor, pg_read_all_data to " + role);
        execute(connection, "grant connect on database " + new Identifier(REPOSITORY) + " to " + role);
        execute(
                connection,
                "grant execute on function pg_catalog.pg_create_restore_point(text), pg_catalog.pg_switch_wal() to "
                        + role);
    }

    private static boolean exists(Connection connection, String query, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, name);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next();
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
