package dev.nightshift.sandbox;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.FolderBackup;
import dev.nightshift.testing.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Code from a backup puts links where Nightshift looks next. */
class SandboxLinksIT {
    private final Path folder;
    private final Sandboxes sandboxes;

    SandboxLinksIT(@TempDir Path folder) {
        this.folder = folder;
        this.sandboxes = new Sandboxes(folder.resolve("sandboxes"), Set.of(), Clock.system());
    }

    @AfterEach
    void close() {
        sandboxes.close();
    }

    @Test
    void whatTheServerLeavesBehindLeadsNowhereWhenItIsStartedAgain() throws Exception {
        Path secret = Files.writeString(folder.resolve("secret.txt"), "the key");
        Path precious = Files.writeString(
                Files.createDirectory(folder.resolve("victim")).resolve("precious"), "kept");
        try (Postgres source = Postgres.start(17)) {
            Sandbox sandbox =
                    sandboxes.create("test", Quota.ofDisk(new Bytes(2L << 30)), new Bytes(0), Duration.ofMinutes(5));
            SandboxFolder own = sandbox.folder();
            FolderBackup.Position position = FolderBackup.take(source, own.data(), own::tablespace, own.wal());
            ServerSettings settings = SandboxServer.settings(source, position);
            sandbox.start(source.cluster().binaries(), settings, Map.of());
            try (Connection connection = SandboxProcesses.await(sandbox, "postgres")) {
                for (String walled : List.of(
                        "ln -sf " + secret + " " + own.configuration() + "/postgresql.conf",
                        "touch " + own.wal() + "/000000010000000000000099",
                        "ln -sf " + secret + " " + own.log(),
                        "mv " + own.socket() + " " + own.path() + "/elsewhere",
                        "ln -s " + precious.getParent() + " " + own.path() + "/more")) {
                    assertThrows(SQLException.class, () -> program(connection, walled), walled);
                }
                program(
                        connection,
                        "cd " + own.data() + " && mv PG_VERSION was && ln -s " + secret + " PG_VERSION"
                                + " && mv global there && ln -s " + folder + " global"
                                + " && ln -sf " + secret + " postgresql.auto.conf"
                                + " && ln -s " + precious + " " + Isolation.SOCKET + "/trap");
            }
            sandbox.startAgain(source.cluster().binaries(), settings, Map.of());
            Eventually.isTrue("the server's end", Duration.ofSeconds(30), () -> !sandbox.isRunning());
            String why = String.valueOf(sandbox.whyEnded().getMessage());
            assertAll(
                    () -> assertFalse(why.contains("the key"), why),
                    () -> assertFalse(sandbox.log().contains("the key"), sandbox::log),
                    () -> assertEquals("the key", Files.readString(secret)),
                    () -> assertEquals("kept", Files.readString(precious)),
                    () -> assertTrue(Files.isRegularFile(own.log())));
        }
    }

    @Test
    void aSocketThatBecameALinkIsNotSpokenTo() throws Exception {
        try (Postgres source = Postgres.start(17)) {
            Sandbox sandbox = SandboxServer.restored(sandboxes, source, Quota.ofDisk(new Bytes(2L << 30)));
            try (Connection connection = SandboxProcesses.await(sandbox, "postgres")) {
                program(
                        connection,
                        "cd " + Isolation.SOCKET + " && mv .s.PGSQL.5432 moved && ln -s moved .s.PGSQL.5432");
            }
            SQLException refused = assertThrows(SQLException.class, () -> sandbox.connect("postgres"));
            assertTrue(String.valueOf(refused.getMessage()).contains("is a link"), refused::getMessage);
        }
    }

    /** As the server's own user, within its walls. */
    private static void program(Connection connection, String command) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("copy (select 1) to program '{ cat > /dev/null; " + command.replace("'", "''") + "; }'");
        }
    }
}
