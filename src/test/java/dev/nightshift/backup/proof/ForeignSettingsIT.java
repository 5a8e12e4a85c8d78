package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.testing.Postgres;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A backup holds the settings of roles and databases too: a proof comes to the same result with them and without. */
@Tag("thorough")
class ForeignSettingsIT {
    private final Path folder;

    @RegisterExtension
    final Drills drills;

    ForeignSettingsIT(@TempDir Path folder) {
        this.folder = folder;
        this.drills = new Drills(folder);
    }

    /** Settings of the role that the sandbox logs in as; the source is backed up by another one. */
    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void settingsOfRolesAndDatabasesDoNotMakeAGoodBackupLookBad(int major) throws Exception {
        try (Postgres source = Postgres.start(major, Map.of("wal_level", "logical"))) {
            source.execute(
                    "postgres",
                    "create role nobody",
                    "create role keeper superuser replication login password 'keeper''s'",
                    "create table orders as select n, repeat('x', 100) note from generate_series(1, 50000) n",
                    "create database other");
            List<String> settings = new ArrayList<>(List.of(
                    "role = nobody",
                    "default_transaction_isolation = serializable",
                    "default_transaction_read_only = on",
                    "default_transaction_deferrable = on",
                    "statement_timeout = 1",
                    "idle_session_timeout = 1",
                    "lc_messages = 'POSIX'",
                    "search_path = nowhere"));
            if (major >= 17) {
                settings.add("transaction_timeout = 1");
            }
            if (major >= 18) {
                settings.add("extension_control_path = '/nowhere'");
            }
            try (Connection connection = source.cluster().connect("postgres", "keeper", "keeper's");
                    Statement statement = connection.createStatement()) {
                for (String setting : settings) {
                    statement.execute("alter role postgres set " + setting);
                    statement.execute("alter database other set " + setting);
                }
            }
            Manifest manifest = drills.take(
                    source,
                    Endpoint.local(source.port(), "postgres", "keeper", () -> "keeper's"),
                    BackupProgress.Phase.LOG,
                    () -> {});
            Proof proof = drills.prove(source, drills.material(manifest), ProofOptions.STANDARD, ProofWatch.NONE);
            assertAll(
                    () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString),
                    () -> assertEquals(1, proof.ladder().get(4).figures().get("tables"), proof::toString),
                    () -> assertEquals(3L, proof.ladder().get(3).figures().get("databases"), proof::toString));
        }
    }

    /** Somebody who repaired the source has set them, and forgotten. */
    @Test
    void damageIsFoundAlthoughTheSourceWouldReadOverIt() throws Exception {
        try (Postgres source = Postgres.start(18)) {
            source.execute(
                    "postgres",
                    "create table orders as select n, repeat('x', 100) note from generate_series(1, 20000) n",
                    "alter role postgres set zero_damaged_pages = on",
                    "alter role postgres set ignore_checksum_failure = on",
                    "checkpoint");
            String table = ask(source, "select pg_relation_filepath('orders')");
            FolderMaterial material = FolderMaterial.take(source, folder.resolve("backup"));
            try (var file = new RandomAccessFile(
                    material.folder().resolve("data").resolve(table).toFile(), "rw")) {
                file.seek(3 * 8192 + 5000);
                file.write("damage".getBytes(StandardCharsets.US_ASCII));
            }
            ProofRung found = drills.prove(source, material, ProofOptions.STANDARD, ProofWatch.NONE)
                    .stumbled()
                    .orElseThrow();
            assertEquals(ProofOutcome.FAILED, found.outcome());
            assertTrue(
                    String.valueOf(found.reason()).startsWith("The table postgres: public.orders (file " + table),
                    found::reason);
        }
    }

    private static String ask(Postgres server, String sql) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
