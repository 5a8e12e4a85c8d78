package dev.nightshift.testing;

import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;

/** A restored folder, started by PostgreSQL's own programs and nothing of ours. */
public final class RestoredServer implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(90);

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
        Path log = folder.resolveSibling(folder.getFileName() + ".log");
        Processes.Result result = Processes.run(
                DEADLINE.plusSeconds(10),
                programs.program("pg_ctl").toString(),
                "start",
                "--pgdata=" + folder,
                "--wait",
                "--timeout=" + DEADLINE.toSeconds(),
                "--log=" + log,
                "--options=-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories=''");
        if (result.exit() != 0) {
            throw new AssertionError(result.output() + "\n" + java.nio.file.Files.readString(log));
        }
        return new RestoredServer(programs, folder, port);
    }

    /** One that somebody else started; {@link #close} stops it. */
    public static RestoredServer running(Binaries programs, Path folder, int port) {
        return new RestoredServer(programs, folder, port);
    }

    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** As the superuser, whose password is the source's. */
    public Connection connect(String database, String password) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + database, "postgres", password);
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
