package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedClusterIT {
    private final Path folder;

    EmbeddedClusterIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void aClusterIsDurableChecksummedAndWantsAPassword(int major) throws SQLException {
        try (EmbeddedCluster cluster = start(major, Map.of("wal_level", "logical"))) {
            assertTrue(show(cluster, "server_version").startsWith(major + "."));
            assertEquals("on", show(cluster, "fsync"));
            assertEquals("on", show(cluster, "synchronous_commit"));
            assertEquals("on", show(cluster, "data_checksums"));
            assertEquals("UTF8", show(cluster, "server_encoding"));
            assertEquals("logical", show(cluster, "wal_level"));
            assertEquals("127.0.0.1", show(cluster, "listen_addresses"));
            SQLException refused = assertThrows(
                    SQLException.class,
                    () -> cluster.connect("postgres", "postgres", "wrong").close());
            assertEquals("28P01", refused.getSQLState());
        }
    }

    @Test
    void theServerHasASessionOfItsOwnSoThatATerminalsInterruptDoesNotReachIt() throws IOException {
        try (EmbeddedCluster cluster = start(18, Map.of())) {
            long pid = cluster.pid().orElseThrow();
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            // After the name in parentheses: state, parent, process group, session
            String session = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 5)[3];
            assertEquals(pid, Long.parseLong(session));
        }
    }

    @Test
    void aRunningClusterIsAdoptedAndOneWithOtherSettingsIsRestarted() throws SQLException {
        EmbeddedCluster first = start(18, Map.of());
        long pid = first.pid().orElseThrow();
        assertEquals(pid, start(18, Map.of()).pid().orElseThrow());
        try (EmbeddedCluster third = start(18, Map.of("max_connections", "33"))) {
            assertNotEquals(pid, third.pid().orElseThrow());
            assertEquals("33", show(third, "max_connections"));
        }
        assertFalse(first.isRunning());
    }

    @Test
    void whatWasCommittedIsThereAfterKillNineAndAnotherStart() throws SQLException {
        EmbeddedCluster killed = start(18, Map.of());
        try (Connection connection = killed.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create table kept as select 42 as answer");
        }
        kill(killed);
        try (EmbeddedCluster again = start(18, Map.of());
                Connection connection = again.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select answer from kept")) {
            assertTrue(rows.next());
            assertEquals(42, rows.getInt(1));
        }
    }

    @Test
    void aPidFileWhoseNumberBelongsToAStrangerNowDoesNotHinderTheStart() throws IOException {
        EmbeddedCluster killed = start(18, Map.of());
        kill(killed);
        Path file = PostmasterPid.file(killed.data());
        String stranger = Long.toString(ProcessHandle.current().pid());
        Files.writeString(file, Files.readString(file).replaceFirst("^\\d+", stranger));
        try (EmbeddedCluster again = start(18, Map.of())) {
            assertTrue(again.isRunning());
        }
    }

    @Test
    void aHalfCreatedClusterIsCreatedAnew() throws IOException {
        Files.createDirectories(folder.resolve("data.new/base"));
        try (EmbeddedCluster cluster = start(18, Map.of())) {
            assertTrue(cluster.isRunning());
            assertFalse(Files.exists(folder.resolve("data.new")));
        }
    }

    @Test
    void aServerThatDoesNotStartSaysWhyInTheWordsOfItsLog() {
        Failure failure =
                assertThrows(Failure.Fatal.class, () -> start(18, Map.of("shared_preload_libraries", "nonsense")));
        assertTrue(String.valueOf(failure.getMessage()).contains("nonsense"));
        assertTrue(String.valueOf(failure.remedy()).contains("server.log"));
    }

    @Test
    void aClusterOfAnotherMajorVersionIsRefused() {
        start(15, Map.of()).close();
        Failure failure = assertThrows(Failure.Fatal.class, () -> start(18, Map.of()));
        assertTrue(String.valueOf(failure.getMessage()).contains("PostgreSQL 15"));
    }

    @Test
    void dataFolderAndSocketFolderAreTheOwnersAlone() throws IOException {
        try (EmbeddedCluster cluster = start(18, Map.of())) {
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cluster.data())));
            assertEquals(
                    "rwx------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("socket"))));
        }
    }

    @Test
    void binariesAreUnpackedOnceAndWholeOrNotAtAll() throws IOException {
        Path jar = Path.of("target/postgresql/18.jar");
        Binaries first = EmbeddedBinaries.unpack(jar, folder);
        Path marker = Files.createFile(first.bin().resolve("marker"));
        assertEquals(first, EmbeddedBinaries.unpack(jar, folder));
        assertTrue(Files.exists(marker));
        assertTrue(first.hasExtension("amcheck"));
        try (var children = Files.list(folder)) {
            assertEquals(1, children.count());
        }
    }

    private EmbeddedCluster start(int major, Map<String, String> settings) {
        return EmbeddedCluster.start(
                Postgres.binaries(major),
                EmbeddedCluster.Options.in(folder, "secret").withSettings(settings));
    }

    private static void kill(EmbeddedCluster cluster) {
        ProcessHandle process = ProcessHandle.of(cluster.pid().orElseThrow()).orElseThrow();
        process.destroyForcibly();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private static String show(EmbeddedCluster cluster, String setting) throws SQLException {
        try (Connection connection = cluster.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("show " + setting)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
