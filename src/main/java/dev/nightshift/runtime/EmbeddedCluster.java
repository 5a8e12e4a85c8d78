package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.postgresql.Driver;

/**
 * A PostgreSQL cluster that Nightshift creates, starts and stops: the repository, the demo, and the servers of tests. Data
 * is as safe as on any server (fsync and synchronous_commit on, page checksums); it listens on 127.0.0.1 alone and wants a
 * password. The server runs in a session of its own, so that a terminal's Ctrl-C ends the launcher first and the database
 * last.
 */
public final class EmbeddedCluster implements AutoCloseable {
    private final Binaries binaries;
    private final Options options;
    private final ClusterFolder folder;
    private final int port;

    private EmbeddedCluster(Binaries binaries, Options options, ClusterFolder folder, int port) {
        this.binaries = binaries;
        this.options = options;
        this.folder = folder;
        this.port = port;
    }

    /**
     * How a cluster is set up.
     *
     * @param folder its home; gets {@code data/}, {@code socket/} and {@code server.log}
     * @param port 0 takes a free one at each start
     * @param superuser created with the cluster, with this password
     * @param settings over those that every cluster gets; values unquoted: {@code wal_level=logical}
     * @param accessRules lines of pg_hba.conf, complete
     * @param deadline for creation, for start with its recovery, and for stop, each
     */
    public record Options(
            Path folder,
            int port,
            String superuser,
            String password,
            Map<String, String> settings,
            List<String> accessRules,
            Duration deadline) {
        /** Whoever has a password gets in, over TCP of this machine or the socket, to databases and for replication. */
        public static final List<String> PASSWORD_FROM_HERE = List.of(
                "local all,replication all scram-sha-256",
                "host all,replication all 127.0.0.1/32 scram-sha-256",
                "host all,replication all ::1/128 scram-sha-256");

        public Options {
            folder = folder.toAbsolutePath().normalize();
            settings = Map.copyOf(settings);
            accessRules = List.copyOf(accessRules);
        }

        /** A free port, superuser {@code postgres}, no settings of its own, a deadline of 60 s. */
        public static Options in(Path folder, String password) {
            return new Options(folder, 0, "postgres", password, Map.of(), PASSWORD_FROM_HERE, Duration.ofSeconds(60));
        }

        public Options withPort(int number) {
            return new Options(folder, number, superuser, password, settings, accessRules, deadline);
        }

        public Options withSettings(Map<String, String> more) {
            return new Options(folder, port, superuser, password, more, accessRules, deadline);
        }

        public Options withAccessRules(List<String> lines) {
            return new Options(folder, port, superuser, password, settings, lines, deadline);
        }

        public Options withSuperuser(String name) {
            return new Options(folder, port, name, password, settings, accessRules, deadline);
        }

        public Options withDeadline(Duration time) {
            return new Options(folder, port, superuser, password, settings, accessRules, time);
        }

        /** Without the password. */
        @Override
        public String toString() {
            return "Options[" + folder + ", port " + port + ", " + settings + "]";
        }
    }

    /**
     * Starts the cluster, after creating it if there is none. One that already runs with the same settings (the launcher was
     * killed, not the database) is adopted; one with others is restarted.
     *
     * @throws Failure.Fatal if it is not ready within the deadline; the message holds the end of the server's log
     */
    public static EmbeddedCluster start(Binaries binaries, Options options) {
        try {
            ClusterFolder folder = ClusterFolder.prepare(binaries, options);
            Path data = folder.data();
            Optional<PostmasterPid> running = PostmasterPid.read(data).filter(pid -> pid.serves(data));
            int port = options.port() != 0
                    ? options.port()
                    : running.map(PostmasterPid::port).orElseGet(EmbeddedCluster::freePort);
            EmbeddedCluster cluster = new EmbeddedCluster(binaries, options, folder, port);
            boolean changed = folder.configure(port);
            if (running.isPresent()) {
                if (!changed && running.get().ready() && running.get().port() == port) {
                    return cluster;
                }
                cluster.stop();
            }
            cluster.clearLeftovers();
            try {
                cluster.launch();
            } catch (Failure e) {
                boolean interrupted = Thread.interrupted(); // else the stop would be interrupted, too
                cluster.stop();
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
                throw e;
            }
            return cluster;
        } catch (IOException e) {
            throw new Failure.Fatal(
                    "The database folder " + options.folder() + " cannot be used: " + e.getMessage(), null, e);
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new Failure.Fatal("There is no free TCP port on this machine.", null, e);
        }
    }

    /**
     * A killed server leaves its pid file. The next one sees through that unless the number was given to a process of ours
     * meanwhile, as happens in small containers; and the dead one's children may need a moment to notice.
     */
    private void clearLeftovers() throws IOException {
        if (!Files.exists(PostmasterPid.file(data()))) {
            return;
        }
        long end = System.nanoTime() + options.deadline().toNanos();
        while (PostmasterPid.anyProcessIn(data())) {
            if (System.nanoTime() > end) {
                throw new Failure.Fatal(
                        "A process of an earlier server still works in " + data() + ".",
                        "End it: its number is in " + PostmasterPid.file(data()) + " or found by \"fuser " + data()
                                + "\".",
                        null);
            }
            pause();
        }
        Files.deleteIfExists(PostmasterPid.file(data()));
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure.Fatal("Interrupted while waiting for a database server.", null, e);
        }
    }

    /** pg_ctl gives the server a session of its own and waits until it accepts connections. */
    private void launch() throws IOException {
        Programs.Result result = control("start", List.of("--log=" + log()));
        if (result.exit() != 0) {
            throw new Failure.Fatal(
                    "The database server in " + options.folder() + " did not start on port " + port + ": "
                            + folder.endOfLog(),
                    "The whole log is " + log() + ".",
                    null);
        }
    }

    private Programs.Result control(String action, List<String> more) {
        List<String> command = new ArrayList<>(List.of(
                binaries.program("pg_ctl").toString(),
                action,
                "--pgdata=" + data(),
                "--wait",
                "--timeout=" + options.deadline().toSeconds()));
        command.addAll(more);
        return Programs.run(command, options.deadline().plusSeconds(10));
    }

    /** Whether the server of this cluster runs, whoever started it. */
    public boolean isRunning() {
        return PostmasterPid.read(data()).filter(pid -> pid.serves(data())).isPresent();
    }

    /** Stops at once but in order: sessions are ended, open transactions rolled back, everything written. */
    public void stop() {
        if (!isRunning()) {
            return;
        }
        Programs.Result result = control("stop", List.of("--mode=fast"));
        if (result.exit() != 0 && isRunning()) {
            Programs.Result immediate = control("stop", List.of("--mode=immediate"));
            if (immediate.exit() != 0 && isRunning()) {
                throw new Failure.Fatal(
                        "The database server in " + options.folder() + " did not stop: " + immediate.output(),
                        "The whole log is " + log() + ".",
                        null);
            }
        }
    }

    @Override
    public void close() {
        stop();
    }

    /**
     * A connection as the superuser.
     *
     * @throws SQLException as the driver says
     */
    public Connection connect(String database) throws SQLException {
        return connect(database, options.superuser(), options.password());
    }

    /** A connection as somebody else. */
    public Connection connect(String database, String user, String password) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("connectTimeout", "10");
        // By the driver itself: DriverManager knows none in a class loader that came after it, such as Maven's
        Connection connection = new Driver().connect(url(database), properties);
        if (connection == null) {
            throw new SQLException("The driver does not take " + url(database));
        }
        return connection;
    }

    /** {@code jdbc:postgresql://127.0.0.1:<port>/<database>} */
    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    public String host() {
        return "127.0.0.1";
    }

    public int port() {
        return port;
    }

    public String superuser() {
        return options.superuser();
    }

    public String password() {
        return options.password();
    }

    public Binaries binaries() {
        return binaries;
    }

    /** The data folder, as in the server's setting data_directory. */
    public Path data() {
        return folder.data();
    }

    /** The server's log: appended to at each start. */
    public Path log() {
        return folder.log();
    }

    /** The postmaster's process id; empty if the server does not run. */
    public Optional<Long> pid() {
        return PostmasterPid.read(data()).filter(pid -> pid.serves(data())).map(PostmasterPid::pid);
    }
}
