package dev.nightshift.benchmark;

import dev.nightshift.postgres.Binaries;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.runtime.EmbeddedCluster;
import dev.nightshift.testing.Pgbench;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The PostgreSQL server to back up: pgbench's tables at a scale, in a cluster of its own. */
final class SourceServer implements AutoCloseable {
    private static final String PASSWORD = "benchmark";

    /** Room for pgbench's 100,000 rows per unit of scale on a busy machine. */
    private static final Duration DEADLINE = Duration.ofMinutes(5);

    private final EmbeddedCluster cluster;
    private final Path data;

    private SourceServer(EmbeddedCluster cluster, Path data) {
        this.cluster = cluster;
        this.data = data;
    }

    /** Creates the cluster, fills it and brings it to rest: vacuumed, and everything written. More settings are its configuration. */
    static SourceServer create(Binaries programs, Settings settings, Map<String, String> more) throws SQLException {
        Map<String, String> configuration = new HashMap<>(more);
        configuration.putAll(Map.of("autovacuum", "off", "max_wal_size", "4GB", "shared_buffers", "256MB"));
        Path folder = settings.folder().resolve("source");
        SourceServer server = new SourceServer(
                EmbeddedCluster.start(
                        programs,
                        EmbeddedCluster.Options.in(folder, PASSWORD)
                                .withDeadline(DEADLINE)
                                .withSettings(configuration)),
                folder.resolve("data"));
        try {
            server.fill(programs, settings.scale());
            if (settings.text()) {
                server.addText(settings.scale());
            }
            server.settle();
            return server;
        } catch (SQLException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private void fill(Binaries programs, int scale) throws SQLException {
        if (programs.has("pgbench")) {
            try {
                Programs.run(
                        List.of(
                                programs.program("pgbench").toString(),
                                "--initialize",
                                "--quiet",
                                "--scale=" + scale,
                                "--host=" + cluster.host(),
                                "--port=" + cluster.port(),
                                "--username=" + cluster.superuser(),
                                "postgres"),
                        PASSWORD);
            } catch (IOException e) {
                throw new IllegalStateException("pgbench could not fill the database.", e);
            }
        } else {
            try (Connection connection = cluster.connect("postgres")) {
                Pgbench.create(connection, scale);
            }
            execute("vacuum analyze");
        }
    }

    /** Hexadecimal digits, which compress 2:1, where pgbench's rows compress 20:1. */
    private void addText(int scale) throws SQLException {
        execute(
                "create table note as select n id, md5(n::text) || md5((-n)::text) body from generate_series(1, "
                        + 120_000L * scale + ") n",
                "vacuum note");
    }

    /** Nothing is left to be written when a backup begins. */
    void settle() throws SQLException {
        execute("checkpoint");
    }

    private void execute(String... statements) throws SQLException {
        try (Connection connection = cluster.connect("postgres");
                var statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Of all databases. */
    long bytes() throws SQLException {
        try (Connection connection = cluster.connect("postgres");
                var statement = connection.createStatement();
                var row = statement.executeQuery("select sum(pg_database_size(oid)) from pg_database")) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Its data folder. */
    Path data() {
        return data;
    }

    Endpoint endpoint() {
        return Endpoint.local(cluster.port(), "postgres", cluster.superuser(), () -> PASSWORD);
    }

    String password() {
        return PASSWORD;
    }

    double cpuSeconds() {
        return CpuTime.ofServer(cluster.pid().orElseThrow());
    }

    @Override
    public void close() {
        cluster.stop();
    }
}
