package dev.nightshift.testing;

import dev.nightshift.postgres.Binaries;
import dev.nightshift.runtime.EmbeddedBinaries;
import dev.nightshift.runtime.EmbeddedCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/** A throw-away server of one major version; its folder is gone when it is closed, or when the tests' JVM ends. */
public final class Postgres implements AutoCloseable {
    private static final Path JARS = Path.of("target", "postgresql");

    private final EmbeddedCluster cluster;
    private final Path folder;
    private final Thread atExit;

    private Postgres(EmbeddedCluster cluster, Path folder) {
        this.cluster = cluster;
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

    /** Starts with Nightshift's own settings: superuser postgres, password "secret", a free port. */
    public static Postgres start(int major) {
        return start(major, Map.of());
    }

    /** Starts with more settings: {@code start(18, Map.of("wal_level", "logical"))}. */
    public static Postgres start(int major, Map<String, String> settings) {
        try {
            Path folder = Files.createTempDirectory("nightshift-pg" + major + "-");
            return new Postgres(
                    EmbeddedCluster.start(
                            binaries(major),
                            EmbeddedCluster.Options.in(folder, "secret").withSettings(settings)),
                    folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public EmbeddedCluster cluster() {
        return cluster;
    }

    public String host() {
        return cluster.host();
    }

    public int port() {
        return cluster.port();
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
