package dev.nightshift.testing;

import dev.nightshift.postgres.Binaries;
import dev.nightshift.runtime.EmbeddedBinaries;
import dev.nightshift.runtime.EmbeddedCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A throw-away server of one major version; its folder is gone when it is closed, or when the tests' JVM ends. */
public final class Postgres implements AutoCloseable {
    private static final Path JARS = Path.of("target", "postgresql");

    /** Stock programs, with zstd and everything that the embedded ones lack; .ci/run installs them. */
    private static final Path DEBIAN_15 = Path.of("/usr/lib/postgresql/15/bin");

    private final EmbeddedCluster.Options options;
    private final Path folder;
    private final Thread atExit;
    private volatile EmbeddedCluster cluster;

    private Postgres(EmbeddedCluster cluster, EmbeddedCluster.Options options, Path folder) {
        this.cluster = cluster;
        this.options = options;
        this.folder = folder;
        this.atExit = new Thread(this::remove);
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** The server programs that the build put into target/postgresql. */
    public static Binaries binaries(int major) {
        Path jar = JARS.resolve(major + ".jar").toAbsolutePath();
        if (!Files.exists(jar)) {
            throw new IllegalStateException(jar + " is missing: the build's phase process-test-classes puts it there.");
        }
        return EmbeddedBinaries.unpack(jar, JARS.toAbsolutePath().resolve("unpacked"));
    }

    /** Debian's programs of 15, client programs too: other ones than those that Nightshift is given. */
    public static Binaries debian15() {
        return Binaries.read(DEBIAN_15)
                .filter(found -> found.has("pg_verifybackup"))
                .orElseThrow(() -> new AssertionError(
                        "PostgreSQL is missing in " + DEBIAN_15 + ": .ci/run installs postgresql-15."));
    }

    /** Starts with Nightshift's own settings: superuser postgres, password "secret", a free port. */
    public static Postgres start(int major) {
        return start(major, Map.of());
    }

    /** Starts with more settings: {@code start(18, Map.of("wal_level", "logical"))}. */
    public static Postgres start(int major, Map<String, String> settings) {
        return start(binaries(major), settings);
    }

    /** The same with programs of the caller's. */
    public static Postgres start(Binaries programs, Map<String, String> settings) {
        try {
            Path folder = Files.createTempDirectory("nightshift-pg" + programs.major() + "-");
            EmbeddedCluster.Options options =
                    EmbeddedCluster.Options.in(folder, "secret").withSettings(quick(settings));
            return new Postgres(EmbeddedCluster.start(programs, options), options, folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A standby that streams from this server and can be read, with these settings; this one runs on. What it streams has to be
     * there: see wal_keep_size.
     */
    public Postgres standby(Map<String, String> settings) {
        try {
            Path home = Files.createTempDirectory("nightshift-standby-");
            Path copy = home.resolve("data");
            Path log = home.resolve("log");
            FolderBackup.take(this, copy, oid -> home.resolve("space-" + oid), log);
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwx------"));
            Files.createFile(copy.resolve("standby.signal"));
            EmbeddedCluster.Options own =
                    EmbeddedCluster.Options.in(home, password()).withSettings(following(settings));
            return new Postgres(EmbeddedCluster.start(cluster.binaries(), own), own, home);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Starts this one, which was a primary, as a standby of another one that was promoted since; after a clean stop. */
    public void follow(Postgres primary, Map<String, String> settings) {
        try {
            Files.createFile(data().resolve("standby.signal"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        startAgain(primary.following(settings));
    }

    /** The settings of one that streams from this server. */
    private Map<String, String> following(Map<String, String> settings) {
        Map<String, String> all = new TreeMap<>(quick(settings));
        all.put("primary_conninfo", "host=127.0.0.1 port=" + port() + " user=" + user() + " password=" + password());
        return all;
    }

    /** kill -9 of the postmaster, as when its machine fails; its children notice within moments. */
    public void kill() {
        long postmaster = cluster.pid().orElseThrow(() -> new AssertionError("No server runs in " + folder));
        Processes.kill(ProcessHandle.of(postmaster).orElseThrow());
    }

    /** Starts it on the same port, with these settings instead of the ones before; one that runs is stopped first. */
    public void startAgain(Map<String, String> settings) {
        cluster = EmbeddedCluster.start(
                cluster.binaries(), options.withPort(cluster.port()).withSettings(quick(settings)));
    }

    /** A checkpoint that is spread is written without a pause, unless a test wants it otherwise. */
    private static Map<String, String> quick(Map<String, String> settings) {
        Map<String, String> all = new TreeMap<>(settings);
        all.putIfAbsent("checkpoint_completion_target", "0");
        return all;
    }

    public EmbeddedCluster cluster() {
        return cluster;
    }

    /** The data folder. */
    public Path data() {
        return folder.resolve("data");
    }

    public String host() {
        return cluster.host();
    }

    public int port() {
        return cluster.port();
    }

    /** {@code host:port}. */
    public String address() {
        return host() + ":" + port();
    }

    public String user() {
        return cluster.superuser();
    }

    public String password() {
        return cluster.password();
    }

    public String url(String database) {
        return cluster.url(database);
    }

    /** As the superuser. */
    public Connection connect(String database) throws SQLException {
        return cluster.connect(database);
    }

    /** Runs statements as the superuser, each committed by itself. */
    public void execute(String database, String... statements) throws SQLException {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atExit);
        remove();
    }

    private void remove() {
        cluster.stop();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
