package dev.nightshift.testing;

import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A restored folder, started by PostgreSQL's own programs and nothing of ours. */
public final class RestoredServer implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofMinutes(4);

    /** SQLSTATE of a server that lets nobody in yet. */
    private static final String RECOVERING = "57P03";

    private final Binaries programs;
    private final Path folder;
    private final int port;

    private RestoredServer(Binaries programs, Path folder, int port) {
        this.programs = programs;
        this.folder = folder;
        this.port = port;
    }

    /** Starts it, recovery included, on a free port of this machine. */
    public static RestoredServer start(Binaries programs, Path folder) throws IOException {
        int port = freePort();
        return started(
                programs, folder, port, Processes.run(DEADLINE.plusSeconds(10), startCommand(programs, folder, port)));
    }

    /**
     * The same as on another machine, where this folder of the source is an empty one: the log may hold the creation of a
     * tablespace, which is replayed with the path that it has on the source.
     */
    public static RestoredServer startElsewhere(Binaries programs, Path folder, Path ofTheSource) throws IOException {
        int port = freePort();
        List<String> command = new ArrayList<>(List.of(
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                "mount -t tmpfs -o mode=700 elsewhere \"$0\" && exec unshare --user -- \"$@\"",
                ofTheSource.toString()));
        command.addAll(List.of(startCommand(programs, folder, port)));
        return started(programs, folder, port, Processes.run(DEADLINE.plusSeconds(10), command));
    }

    private static String[] startCommand(Binaries programs, Path folder, int port) {
        return new String[] {
            programs.program("pg_ctl").toString(),
            "start",
            "--pgdata=" + folder,
            "--wait",
            "--timeout=" + DEADLINE.toSeconds(),
            "--log=" + log(folder),
            "--options=-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        };
    }

    private static Path log(Path folder) {
        return folder.resolveSibling(folder.getFileName() + ".log");
    }

    private static RestoredServer started(Binaries programs, Path folder, int port, Processes.Result result)
            throws IOException {
        if (result.exit() != 0) {
            throw new AssertionError(
                    result.output() + (Files.exists(log(folder)) ? "\n" + Files.readString(log(folder)) : ""));
        }
        return new RestoredServer(programs, folder, port);
    }

    /** One that somebody else started; {@link #close} stops it. */
    public static RestoredServer running(Binaries programs, Path folder, int port) {
        return new RestoredServer(programs, folder, port);
    }

    public static int freePort() {
        return FreePorts.one();
    }

    /** As the superuser, whose password is the source's; what recovers without being a hot standby is waited for. */
    public Connection connect(String database, String password) throws SQLException {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (true) {
            try {
                return DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + port + "/" + database, "postgres", password);
            } catch (SQLException e) {
                if (!RECOVERING.equals(e.getSQLState()) || System.nanoTime() > deadline) {
                    throw e;
                }
                Eventually.sleep(Duration.ofMillis(50));
            }
        }
    }

    /** It answers before it has come as far as it is to come. */
    public void awaitEndOfRecovery(Connection connection) {
        Eventually.isTrue("the end of recovery of " + folder, DEADLINE, () -> {
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery("select not pg_is_in_recovery()")) {
                row.next();
                return row.getBoolean(1);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** What a query answers that answers one text, once it has come as far as it is to come. */
    public String answer(String database, String password, String sql) throws SQLException {
        try (Connection connection = connect(database, password);
                var statement = connection.createStatement()) {
            awaitEndOfRecovery(connection);
            try (var row = statement.executeQuery(sql)) {
                row.next();
                return row.getString(1);
            }
        }
    }

    @Override
    public void close() throws IOException {
        Processes.run(
                        DEADLINE,
                        programs.program("pg_ctl").toString(),
                        "stop",
                        "--pgdata=" + folder,
                        "--wait",
                        "--mode=immediate")
                .succeeded();
    }
}
