package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Pgbench;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Ten million accounts, 1.5 GB in the data folder, backed up, proven and restored while pgbench's transactions go on. */
@Tag("thorough")
class PgbenchBackupIT {
    private static final int MAJOR = 16;
    private static final int SCALE = 100;
    private static final int CLIENTS = 3;
    private static final String DATABASE = "bench";

    /** The source may be lost with this machine: what counts is what its backup holds. */
    private static final Map<String, String> FAST = Map.of(
            "fsync", "off",
            "autovacuum", "off",
            "shared_buffers", "256MB",
            "max_wal_size", "8GB",
            "maintenance_work_mem", "256MB");

    private final Nightshift nightshift = Nightshift.shared();
    private final Path folder = nightshift.data().resolve("restore/pgbench");

    @Test
    void everyTransactionAcknowledgedBeforeTheBackupIsInTheRestoredClusterAndTheSumsAgree() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "pgbench");
        Transactions load;
        List<Long> before;
        List<Long> after;
        JsonObject backup;
        try (Postgres source = filled()) {
            project.register(DATABASE, source, DATABASE);
            load = new Transactions(source, DATABASE, SCALE, CLIENTS);
            try (load) {
                load.awaitEach(200);
                before = load.acknowledged();
                project.complete("backup", DATABASE, TestProject.none());
                after = load.acknowledged();
            }
            backup = project.backups(DATABASE).get(0);
        }
        for (int client = 0; client < CLIENTS; client++) {
            assertTrue(after.get(client) > before.get(client), "client " + client + " went on during the backup");
        }
        assertTrue(backup.getJsonNumber("sizeBytes").longValue() > 1_300_000_000, backup.toString());

        String id = backup.getString("id");
        project.complete("restore-drill", DATABASE, TestProject.parameters("backup", id));
        assertEquals("RESTORED", project.backup(id).getJsonObject("proof").getString("level"));

        project.complete(
                "restore",
                DATABASE,
                Json.createObjectBuilder()
                        .add("backup", id)
                        .add("folder", folder.toString())
                        .build());
        try (RestoredServer restored = RestoredServer.start(Postgres.binaries(MAJOR), folder);
                Connection connection = restored.connect(DATABASE, "secret")) {
            nothingAcknowledgedIsMissing(connection, before, load.acknowledged());
            theSumsAgree(connection);
        }
    }

    /** Filled with a log that holds nothing of it, then started again with the log that a backup needs. */
    private static Postgres filled() throws SQLException {
        Postgres source = Postgres.start(MAJOR, with(Map.of("wal_level", "minimal", "max_wal_senders", "0")));
        try {
            source.execute("postgres", "create database " + DATABASE);
            try (Connection connection = source.connect(DATABASE)) {
                Pgbench.create(connection, SCALE);
            }
            source.startAgain(with(Map.of("wal_level", "replica")));
            return source;
        } catch (SQLException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private static Map<String, String> with(Map<String, String> more) {
        Map<String, String> all = new java.util.TreeMap<>(FAST);
        all.putAll(more);
        return all;
    }

    /** A client's transactions follow one another: what is there is a first part of them, without a gap. */
    private static void nothingAcknowledgedIsMissing(Connection connection, List<Long> least, List<Long> most)
            throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select split_part(filler, ':', 1)::int as client,
                               count(*), count(distinct filler), max(split_part(filler, ':', 2)::bigint)
                          from pgbench_history group by client order by client
                        """)) {
            for (int client = 0; client < CLIENTS; client++) {
                assertTrue(rows.next(), "transactions of client " + client);
                assertEquals(client, rows.getInt(1));
                long count = rows.getLong(2);
                String found = count + " transactions of client " + client + ", acknowledged before the backup: "
                        + least.get(client) + ", until its end: " + most.get(client);
                assertTrue(count >= least.get(client) && count <= most.get(client) + 1, found);
                assertEquals(count, rows.getLong(3), "each is there once: " + found);
                assertEquals(count, rows.getLong(4), "none is missing in between: " + found);
            }
        }
    }

    private static void theSumsAgree(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select (select count(*) from pgbench_accounts), (select sum(delta) from pgbench_history),
                               (select sum(abalance) from pgbench_accounts), (select sum(tbalance) from pgbench_tellers),
                               (select sum(bbalance) from pgbench_branches)
                        """)) {
            row.next();
            long deltas = row.getLong(2);
            assertAll(
                    () -> assertEquals(Pgbench.accounts(SCALE), row.getLong(1)),
                    () -> assertEquals(deltas, row.getLong(3), "accounts"),
                    () -> assertEquals(deltas, row.getLong(4), "tellers"),
                    () -> assertEquals(deltas, row.getLong(5), "branches"));
        }
    }

    /** Three copies of 1.5 GB are more than the tests after this one should have to live with. */
    @AfterEach
    void removeFolders() throws IOException {
        for (Path each : List.of(folder, nightshift.data().resolve("store/pgbench"))) {
            if (Files.exists(each)) {
                try (Stream<Path> files = Files.walk(each)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
        }
    }
}
