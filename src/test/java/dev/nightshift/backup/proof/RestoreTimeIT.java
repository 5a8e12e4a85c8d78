package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.sandbox.UnixSocketFactory;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Pgbench;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;

/** The time to restore is what somebody beside the sandbox measures, who knows nothing of Nightshift's clock. */
@Tag("thorough")
class RestoreTimeIT {
    private static final System.Logger LOG = System.getLogger(RestoreTimeIT.class.getName());

    /** 300 MB of tables: a restore takes seconds. */
    private static final int SCALE = 20;

    /**
     * A proof looks ten times a second, once whether the server answers and once whether recovery has paused: it may be late
     * by a look each.
     */
    private static final Duration LOOKS = Duration.ofMillis(200);

    private static final Duration MOST = Duration.ofMinutes(3);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(5);

    /** With logical the evidence has a position, before the restore point; with replica it has none. */
    @ParameterizedTest
    @ValueSource(strings = {"replica", "logical"})
    void theTimeToRestoreIsTheOneFromAnEmptyFolderToTheFirstRightAnswer(String level, @TempDir Path folder)
            throws Exception {
        Drills drills = new Drills(folder);
        try (Postgres source =
                Postgres.start(18, Map.of("wal_level", level, "max_wal_size", "4GB", "autovacuum", "off"))) {
            try (Connection connection = source.connect("postgres")) {
                Pgbench.create(connection, SCALE);
            }
            source.execute("postgres", "create table last_row (n int)");
            // After the files are copied: the server takes connections long before it has replayed this.
            Manifest manifest = drills.take(
                    source,
                    Endpoint.local(source.port(), "postgres", source.user(), source::password),
                    BackupProgress.Phase.EVIDENCE,
                    () -> source.execute(
                            "postgres",
                            "update pgbench_accounts set abalance = 1 where aid <= 900000",
                            "insert into last_row values (42)"));
            CompletableFuture<Duration> watched =
                    CompletableFuture.supplyAsync(() -> untilTheLastRowIsThere(drills.sandboxes()));
            Proof proof = drills.prove(source, drills.material(manifest), ProofOptions.STANDARD, ProofWatch.NONE);
            assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString);
            Duration seen = watched.get(MOST.toSeconds(), TimeUnit.SECONDS);
            Duration said = Optional.ofNullable(proof.rto()).orElseThrow();
            assertTrue(seen.compareTo(Duration.ofSeconds(1)) > 0, "too short to compare: " + seen);
            Duration apart = said.minus(seen).abs();
            assertTrue(
                    apart.compareTo(seen.dividedBy(10).plus(LOOKS)) <= 0,
                    "Nightshift says " + said + ", the clock beside it " + seen);
            drills.assertNothingIsLeft();
        }
    }

    private static Duration untilTheLastRowIsThere(Path sandboxes) {
        long end = System.nanoTime() + MOST.toNanos();
        Optional<Path> sandbox = folder(sandboxes);
        while (sandbox.isEmpty()) {
            pause(end);
            sandbox = folder(sandboxes);
        }
        long empty = System.nanoTime();
        Path socket = sandbox.get().resolve("socket/.s.PGSQL.5432");
        while (true) {
            if (Files.exists(socket)) {
                try (Connection connection = connect(socket);
                        Statement statement = connection.createStatement()) {
                    while (!isThere(statement)) {
                        pause(end);
                    }
                    return Duration.ofNanos(System.nanoTime() - empty);
                } catch (SQLException e) {
                    LOG.log(System.Logger.Level.DEBUG, "It is not consistent yet: {0}", e.getMessage());
                }
            }
            pause(end);
        }
    }

    private static Optional<Path> folder(Path sandboxes) {
        if (!Files.isDirectory(sandboxes)) {
            return Optional.empty();
        }
        try (Stream<Path> entries = Files.list(sandboxes)) {
            return entries.filter(Files::isDirectory).findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Connection connect(Path socket) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", "postgres");
        properties.setProperty("PGDBNAME", "postgres");
        properties.setProperty("socketFactory", UnixSocketFactory.class.getName());
        properties.setProperty("socketFactoryArg", socket.toString());
        properties.setProperty("sslmode", "disable");
        properties.setProperty("gssEncMode", "disable");
        return Objects.requireNonNull(new Driver().connect("jdbc:postgresql://sandbox/", properties));
    }

    private static void pause(long end) {
        if (System.nanoTime() > end) {
            throw new AssertionError("There was no right answer within " + MOST);
        }
        Eventually.sleep(BETWEEN_LOOKS);
    }

    private static boolean isThere(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("select count(*) = 1 from public.last_row where n = 42")) {
            row.next();
            return row.getBoolean(1);
        }
    }
}
