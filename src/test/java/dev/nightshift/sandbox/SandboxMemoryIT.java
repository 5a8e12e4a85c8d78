package dev.nightshift.sandbox;

import static dev.nightshift.sandbox.SandboxServer.ask;
import static dev.nightshift.sandbox.SandboxServer.execute;
import static dev.nightshift.sandbox.SandboxServer.promote;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.harness.Greedy;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What takes more memory in a sandbox than a process of it may have is refused, and the server goes on. */
@Tag("thorough")
class SandboxMemoryIT {
    private static final Bytes MOST = new Bytes(1L << 30);
    private static final String OUT_OF_MEMORY = "53200";

    private final Path folder;
    private final Sandboxes sandboxes;

    SandboxMemoryIT(@TempDir Path folder) {
        this.folder = folder;
        this.sandboxes = new Sandboxes(folder.resolve("sandboxes"), Set.of(), Clock.system());
    }

    @AfterEach
    void close() {
        sandboxes.close();
        assertEquals(0, SandboxProcesses.under(folder), "no process is left");
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void codeFromTheBackupGetsNoMoreMemoryThanAProcessMayHave(int major) throws Exception {
        try (Postgres source = Postgres.start(major)) {
            source.execute("postgres", Greedy.function(), "create table public.said (line text)");
            assertEquals("12", TestArchive.text(source, "select public.greedy(12)"), "the source has it");
            Sandbox sandbox = restored(source);
            try (Connection connection = SandboxProcesses.await(sandbox, "postgres")) {
                assertEquals("2", ask(connection, "select public.greedy(2)"));
                SQLException refused =
                        assertThrows(SQLException.class, () -> ask(connection, "select public.greedy(12)"));
                assertEquals(OUT_OF_MEMORY, refused.getSQLState(), refused::getMessage);
                assertTrue(sandbox.exhausted(refused).isPresent(), refused::getMessage);
                assertEquals("2", ask(connection, "select public.greedy(2)"), "the session goes on");
            }
        }
    }

    /** Of a function in C, or a program that the server starts: the limit is inherited, and nobody within can raise it. */
    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void programsThatTheServerStartsHaveTheSameLimit(int major) throws Exception {
        try (Postgres source = Postgres.start(major)) {
            source.execute("postgres", "create table public.said (line text)");
            Sandbox sandbox = restored(source);
            try (Connection connection = SandboxProcesses.await(sandbox, "postgres")) {
                promote(connection);
                execute(connection, "copy public.said from program 'ulimit -v'");
                assertEquals(String.valueOf(MOST.value() >> 10), ask(connection, "select line from public.said"));
                for (String greedy :
                        new String[] {"ulimit -v unlimited", "head -c 1500000000 /dev/zero | tail -n 1 > /dev/null"}) {
                    SQLException refused = assertThrows(
                            SQLException.class,
                            () -> execute(connection, "copy public.said from program '" + greedy + "'"),
                            greedy);
                    assertTrue(String.valueOf(refused.getMessage()).contains("failed"), refused::getMessage);
                }
                assertEquals("1", ask(connection, "select count(*) from public.said"), "the server goes on");
            }
        }
    }

    private Sandbox restored(Postgres source) throws SQLException, IOException {
        return SandboxServer.restored(
                sandboxes, source, new Quota(MOST, Duration.ofHours(1), new Bytes(2L << 30), 512));
    }
}
