package dev.nightshift.sandbox;

import static dev.nightshift.sandbox.SandboxServer.ask;
import static dev.nightshift.sandbox.SandboxServer.execute;
import static dev.nightshift.sandbox.SandboxServer.promote;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.testing.FolderBackup;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SandboxIT {
    private static final String SAID = "select string_agg(line, ' ') from public.said";

    private final Path folder;
    private final Sandboxes sandboxes;

    SandboxIT(@TempDir Path folder) {
        this.folder = folder;
        this.sandboxes = new Sandboxes(folder.resolve("sandboxes"), Set.of(), Clock.system());
    }

    @AfterEach
    void close() {
        sandboxes.close();
        assertEquals(0, SandboxProcesses.under(folder), "no process is left");
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 16, 17, 18})
    void aServerWaitsAtTheRestorePointAndIsGoneAfterwards(int major) throws Exception {
        Map<String, String> settings = Map.of(
                "max_connections", "170",
                "max_locks_per_transaction", "99",
                "max_worker_processes", "13",
                "max_wal_senders", "7",
                "max_prepared_transactions", "3",
                "shared_preload_libraries", "auto_explain",
                "archive_mode", "on",
                "archive_command", "touch " + folder.resolve("archived"));
        try (Postgres source = Postgres.start(major, settings)) {
            source.execute(
                    "postgres",
                    "create table t as select generate_series(1, 1000) as n",
                    "alter role postgres set session_preload_libraries = 'auto_explain'",
                    "alter system set primary_conninfo = 'host=example.org'");
            Sandbox sandbox = restored(source);
            Files.deleteIfExists(folder.resolve("archived"));
            try (Connection connection = SandboxProcesses.await(sandbox, "postgres")) {
                assertEquals("1000", ask(connection, "select count(*) from public.t"));
                assertEquals("t", ask(connection, "select pg_is_in_recovery()"));
                Map<String, String> shown = new TreeMap<>();
                for (String name : List.of(
                        "max_connections",
                        "max_locks_per_transaction",
                        "max_worker_processes",
                        "max_wal_senders",
                        "max_prepared_transactions",
                        "shared_preload_libraries",
                        "session_preload_libraries",
                        "listen_addresses",
                        "archive_mode",
                        "primary_conninfo")) {
                    shown.put(name, ask(connection, "show " + name));
                }
                assertEquals(
                        "{archive_mode=off, listen_addresses=, max_connections=170, max_locks_per_transaction=99,"
                                + " max_prepared_transactions=3, max_wal_senders=7, max_worker_processes=13,"
                                + " primary_conninfo=, session_preload_libraries=, shared_preload_libraries=}",
                        shown.toString());
                promote(connection);
                ask(connection, "select pg_switch_wal()");
            }
            sandbox.close();
            assertFalse(Files.exists(folder.resolve("archived")), "nothing was archived");
            assertFalse(Files.exists(sandbox.folder().path()));
            try (var left = Files.list(folder.resolve("sandboxes"))) {
                assertEquals(List.of(), left.toList());
            }
        }
    }

    @Test
    void codeFromTheBackupSeesNothingOfTheHost() throws Exception {
        Path secret = Files.writeString(folder.resolve("secret.txt"), "the key");
        try (Postgres source = Postgres.start(18);
                ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Sandbox sandbox = restored(source);
            try (Connection connection = SandboxProcesses.await(sandbox, "postgres")) {
                promote(connection);
                execute(connection, "create table public.said (line text)");
                for (String unreachable : List.of(
                        "cat " + secret,
                        "cat " + source.cluster().data() + "/PG_VERSION",
                        "ls /root",
                        "ls /home",
                        "ls /var/lib",
                        "cat /etc/shadow",
                        "ls " + sandbox.folder().path().resolveSibling(sandbox.id() + ".json"),
                        "echo x > /etc/passwd",
                        "echo x > " + sandbox.folder().path().resolve("mine"),
                        "echo x > /proc/sys/kernel/core_pattern",
                        "mount -t tmpfs tmpfs /tmp",
                        "kill -0 " + ProcessHandle.current().pid(),
                        "timeout 5 bash -c 'exec 3<> /dev/tcp/127.0.0.1/" + listening.getLocalPort() + "'",
                        "timeout 5 bash -c 'exec 3<> /dev/tcp/127.0.0.1/" + source.port() + "'")) {
                    SQLException refused = assertThrows(
                            SQLException.class,
                            () -> execute(
                                    connection,
                                    "copy public.said from program '" + unreachable.replace("'", "''") + "'"),
                            unreachable);
                    assertTrue(String.valueOf(refused.getMessage()).contains("failed"), refused::getMessage);
                }
                // What starts with LC_ or PGSYS the server sets for itself.
                execute(
                        connection,
                        "copy public.said from program 'env | cut -d= -f1 | grep -v -e ^LC_ -e ^PGSYS -e ^_$'");
                assertEquals(
                        Set.of("LANG", "PATH", "PWD", "TZ"),
                        Set.copyOf(List.of(ask(connection, SAID).split(" ", -1))));
                execute(connection, "truncate public.said", "copy public.said from program 'ls -A /'");
                Set<String> atTheTop =
                        new TreeSet<>(List.of(ask(connection, SAID).split(" ", -1)));
                List.of("bin", "dev", "etc", "lib", "lib32", "lib64", "proc", "run", "sbin", "usr", "tmp", "var")
                        .forEach(atTheTop::remove);
                for (Path mounted : List.of(source.cluster().binaries().bin(), folder)) {
                    atTheTop.remove(mounted.getName(0).toString());
                }
                assertEquals(Set.of(), atTheTop);
            }
        }
    }

    @Test
    void aTablespaceThatTheSourceMadeMeanwhileStaysTheSources() throws Exception {
        Path before = Files.createDirectory(folder.resolve("before"));
        Path meanwhile = Files.createDirectory(folder.resolve("meanwhile"));
        try (Postgres source = Postgres.start(18)) {
            source.execute(
                    "postgres",
                    "create tablespace before location '" + before + "'",
                    "create table public.a tablespace before as select generate_series(1, 1000) as n");
            Sandbox sandbox =
                    sandboxes.create("test", Quota.ofDisk(new Bytes(2L << 30)), new Bytes(0), Duration.ofMinutes(5));
            SandboxFolder to = sandbox.folder();
            FolderBackup.Position position;
            try (FolderBackup backup = FolderBackup.begin(source, to.data(), to::tablespace, to.wal())) {
                source.execute(
                        "postgres",
                        "create tablespace meanwhile location '" + meanwhile + "'",
                        "create table public.b tablespace meanwhile as select generate_series(1, 100000) as n");
                position = backup.end();
            }
            // What the source does now is not in the backup: replay would cut this file to what it was.
            source.execute(
                    "postgres",
                    "insert into public.b select generate_series(1, 300000)",
                    "insert into public.a select generate_series(1, 300000)",
                    "checkpoint");
            Map<Path, byte[]> files = contents(before, meanwhile);
            long oid = Long.parseLong(oid(source, "meanwhile"));

            SandboxServer.start(sandbox, source, position, Map.of(meanwhile, to.tablespace(oid)));
            try (Connection connection = SandboxProcesses.await(sandbox, "postgres")) {
                promote(connection);
                assertEquals("1000", ask(connection, "select count(*) from public.a"));
                assertEquals("100000", ask(connection, "select count(*) from public.b"));
                execute(connection, "truncate public.b", "drop table public.a", "checkpoint");
            }
            Map<Path, byte[]> after = contents(before, meanwhile);
            assertEquals(files.keySet(), after.keySet());
            files.forEach((file, content) -> assertArrayEquals(content, after.get(file), file::toString));
        }
    }

    @Test
    void aTablespaceThatNobodyMappedIsNotPossibleHereAndTouchesNothing() throws Exception {
        Path meanwhile = Files.createDirectory(folder.resolve("meanwhile"));
        try (Postgres source = Postgres.start(17)) {
            Sandbox sandbox =
                    sandboxes.create("test", Quota.ofDisk(new Bytes(2L << 30)), new Bytes(0), Duration.ofMinutes(5));
            SandboxFolder to = sandbox.folder();
            FolderBackup.Position position;
            try (FolderBackup backup = FolderBackup.begin(source, to.data(), to::tablespace, to.wal())) {
                source.execute("postgres", "create tablespace meanwhile location '" + meanwhile + "'");
                position = backup.end();
            }
            SandboxServer.start(sandbox, source, position, Map.of());
            while (sandbox.isRunning()) {
                Thread.sleep(50);
            }
            String reason = String.valueOf(
                    assertInstanceOf(NotPossibleHere.class, sandbox.whyEnded()).getMessage());
            assertTrue(reason.startsWith("directory \"" + meanwhile + "\" does not exist"), reason);
        }
    }

    @Test
    void aSandboxEndsWhenItsTimeIsUp() throws Exception {
        try (Postgres source = Postgres.start(18)) {
            Sandbox sandbox =
                    sandboxes.create("test", Quota.ofDisk(new Bytes(2L << 30)), new Bytes(0), Duration.ofSeconds(8));
            SandboxFolder to = sandbox.folder();
            FolderBackup.Position position = FolderBackup.take(source, to.data(), to::tablespace, to.wal());
            SandboxServer.start(sandbox, source, position, Map.of());
            SandboxProcesses.await(sandbox, "postgres").close();
            for (int i = 0; i < 100 && sandbox.isRunning(); i++) {
                Thread.sleep(100);
            }
            assertFalse(sandbox.isRunning());
            assertEquals(
                    "The sandbox was ended because its time was up.",
                    sandbox.whyEnded().getMessage());
        }
    }

    /** The server goes on after it: only its log tells that this machine's limit was in the way. */
    @Test
    void aSessionThatUsedUpItsCpuTimeRanOutOfItAndIsNotDamaged() throws Exception {
        try (Postgres source = Postgres.start(18)) {
            Quota quota = new Quota(new Bytes(4L << 30), Duration.ofSeconds(2), new Bytes(2L << 30), 512);
            Sandbox sandbox = SandboxServer.restored(sandboxes, source, quota);
            try (Connection connection = SandboxProcesses.await(sandbox, "postgres")) {
                SQLException damaged = assertThrows(SQLException.class, () -> ask(connection, "select 1 / 0"));
                assertTrue(sandbox.exhausted(damaged).isEmpty());
                SQLException broken = assertThrows(
                        SQLException.class,
                        () -> ask(
                                connection,
                                "select count(*)::text from pg_class a, pg_class b, pg_class c, pg_class d"));
                String reason = sandbox.exhausted(broken).orElseThrow().getMessage();
                assertTrue(String.valueOf(reason).endsWith("CPU time limit exceeded"), reason);
            }
        }
    }

    @Test
    void aSandboxThatFillsTheDiskIsEnded() throws Exception {
        try (Postgres source = Postgres.start(18)) {
            Sandbox sandbox = SandboxServer.restored(sandboxes, source, Quota.ofDisk(new Bytes(200L << 20)));
            try (Connection connection = SandboxProcesses.await(sandbox, "postgres")) {
                promote(connection);
                assertThrows(SQLException.class, () -> {
                    for (int i = 0; i < 1000; i++) {
                        execute(
                                connection,
                                "create table public.full" + i
                                        + " as select repeat('x', 1000) from generate_series(1, 20000)");
                    }
                });
            }
            for (int i = 0; i < 100 && sandbox.isRunning(); i++) {
                Thread.sleep(100);
            }
            String reason = String.valueOf(sandbox.whyEnded().getMessage());
            assertTrue(reason.startsWith("The sandbox was ended because it used "), reason);
        }
    }

    /** Its own process is killed in the middle, as the kernel's out-of-memory killer would. */
    @Test
    void aKilledNightshiftLeavesNoProcessAndTheNextSweepTheRest() throws Exception {
        Path root = folder.resolve("sandboxes");
        try (Postgres source = Postgres.start(18)) {
            Path ready = folder.resolve("ready");
            Process nightshift = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            SandboxOwner.class.getName(),
                            root.toString(),
                            source.cluster().data().toString(),
                            ready.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("owner.log").toFile())
                    .start();
            source.cluster().stop();
            try {
                for (int i = 0; i < 600 && !Files.exists(ready) && nightshift.isAlive(); i++) {
                    Thread.sleep(100);
                }
                assertTrue(Files.exists(ready), () -> SandboxProcesses.text(folder.resolve("owner.log")));
                assertTrue(SandboxProcesses.under(root) > 1);
                assertEquals(0, sandboxes.sweep(), "what is in use is left alone");
            } finally {
                nightshift.destroyForcibly().waitFor();
            }
            for (int i = 0; i < 100 && SandboxProcesses.under(root) > 0; i++) {
                Thread.sleep(100);
            }
            assertEquals(0, SandboxProcesses.under(root));
            assertEquals(1, sandboxes.sweep());
            try (var left = Files.list(root)) {
                assertEquals(List.of(), left.toList());
            }
        }
    }

    private static String oid(Postgres source, String tablespace) throws SQLException {
        try (Connection connection = source.connect("postgres")) {
            return ask(connection, "select oid from pg_tablespace where spcname = '" + tablespace + "'");
        }
    }

    private static Map<Path, byte[]> contents(Path... folders) throws IOException {
        Map<Path, byte[]> contents = new TreeMap<>();
        for (Path each : folders) {
            try (Stream<Path> files = Files.walk(each)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    contents.put(file, Files.readAllBytes(file));
                }
            }
        }
        return contents;
    }

    private Sandbox restored(Postgres source) throws SQLException, IOException {
        return SandboxServer.restored(sandboxes, source, Quota.ofDisk(new Bytes(2L << 30)));
    }
}
