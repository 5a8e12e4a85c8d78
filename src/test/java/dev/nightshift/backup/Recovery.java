package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.harness.ByHand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * PostgreSQL itself recovers a backup's files, with a restore_command.
 *
 * @param command the one that is documented
 */
record Recovery(Path files, Path folder, String password, String command) {
    /** What is in the table once a new data folder has recovered. */
    String recovered(String name) throws Exception {
        return recovered(prepared(name));
    }

    /** What is in the table once it has recovered. */
    String recovered(Path data) throws Exception {
        try (RestoredServer restored = RestoredServer.start(Postgres.debian15(), data)) {
            return restored.answer("postgres", password, "select string_agg(id::text, ' ' order by id) from t");
        }
    }

    /** A new data folder that will recover. */
    Path prepared(String name) throws IOException {
        return prepared(name, command);
    }

    /** The same with another restore_command. */
    Path prepared(String name, String command) throws IOException {
        Path data = ByHand.assemble(files, Files.createDirectory(folder.resolve(name)));
        Files.createFile(data.resolve("recovery.signal"));
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                "archive_mode = off\nrestore_command = '" + command + "'\n",
                StandardOpenOption.APPEND);
        return data;
    }

    /** Its recovery ends, as this file could not be restored, and it is not promoted. */
    void aborts(Path data, String why) throws IOException {
        String log;
        try {
            RestoredServer restored = RestoredServer.start(Postgres.debian15(), data);
            Eventually.isTrue(
                    "the end of " + data, PushedServer.SOON, () -> !Files.exists(data.resolve("postmaster.pid")));
            restored.close();
            log = "it runs";
        } catch (AssertionError e) {
            log = e.getMessage() + Files.readString(data.resolveSibling("data.log"));
        }
        assertTrue(log.contains("FATAL:  could not restore file"), log);
        assertTrue(log.contains(why), log);
        assertTrue(Files.exists(data.resolve("recovery.signal")), "it goes on when it is started again");
        assertFalse(Files.exists(data.resolve("pg_wal").resolve("00000002.history")), "it was not promoted");
    }
}
