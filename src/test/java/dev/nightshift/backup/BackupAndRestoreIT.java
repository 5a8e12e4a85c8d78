package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.Destination;
import dev.nightshift.backup.read.LogWalk;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.Verification;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Leftovers;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.TakePhysicalBackup;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.runtime.EmbeddedCluster;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.vault.ProjectKeys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackupAndRestoreIT {
    private static final String FINGERPRINT = """
            select count(*) || ' ' || sum(hash_record_extended(row(id, note), 0))
            from (select * from fixed union all select * from spaced) t
            """;
    private static final Path VERIFY_15 = Path.of("/usr/lib/postgresql/15/bin/pg_verifybackup");

    private final ProjectId project = new ProjectId(UUID.randomUUID());
    private final ProjectKeys keys = ProjectKeys.generate(project);

    private static final class Noting implements BackupProgress {
        final List<Phase> phases = new ArrayList<>();
        final List<String> notes = new ArrayList<>();
        long bytes;

        @Override
        public void phase(Phase phase) {
            phases.add(phase);
        }

        @Override
        public void bytes(long done, long estimated) {
            assertTrue(done <= estimated);
            bytes = done;
        }

        @Override
        public void note(String message) {
            notes.add(message);
        }
    }

    private static boolean isWithoutSlots(Postgres source) {
        try {
            return text(source.connect("postgres"), "select count(*) from pg_replication_slots")
                    .equals("0");
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 16, 17, 18})
    void aBackupUnderWriteLoadVerifiesAndStartsAsTheSameCluster(int major, @TempDir Path folder) throws Exception {
        Path space = Files.createDirectory(folder.resolve("space"));
        FolderStore store = new FolderStore(folder.resolve("store"));
        Manifest manifest;
        String rows;
        long before;
        try (Postgres source = Postgres.start(major)) {
            fill(source, space);
            AtomicBoolean stop = new AtomicBoolean();
            Thread load = new Thread(() -> write(source, stop));
            load.start();
            try {
                rows = text(source.connect("postgres"), FINGERPRINT);
                before = Long.parseLong(text(source.connect("postgres"), "select count(*) from ledger"));
                Noting progress = new Noting();
                manifest = new TakePhysicalBackup(store, keys, Clock.system(), request(source), progress).run();
                assertEquals(
                        List.of(BackupProgress.Phase.CHECKPOINT, BackupProgress.Phase.COPY, BackupProgress.Phase.LOG),
                        progress.phases);
                assertTrue(progress.bytes > 20_000_000, () -> "bytes " + progress.bytes);
                assertEquals(List.of(), progress.notes);
                // The server ends the session that had it a moment after we closed it
                Eventually.isTrue("no slot is left", Duration.ofSeconds(10), () -> isWithoutSlots(source));
            } finally {
                stop.set(true);
                load.join();
            }
        }
        assertEquals(major, manifest.source().major());
        assertEquals(1, manifest.tablespaces().size());
        assertTrue(manifest.checksums().enabled() && !manifest.checksums().failures());
        assertTrue(manifest.position().expected().compareTo(manifest.position().stop()) > 0);
        assertNull(manifest.position().refusal());
        assertEquals(List.of(manifest.folder()), BackupReader.folders(store));
        assertEquals(manifest, BackupReader.peek(store, manifest.folder()));
        assertEquals(List.of(), Leftovers.find(store));

        BackupReader reader = BackupReader.open(store, manifest.folder(), keys.export());
        Verification verification = reader.verify(ProofLevel.READABLE, new Noting());
        assertNull(verification.damage());
        assertEquals(ProofLevel.READABLE, verification.reached());
        assertTrue(verification.files() > 900, () -> verification.toString());
        LogWalk walk = Objects.requireNonNull(verification.log());
        assertTrue(walk.records() > 10
                && walk.reached().compareTo(manifest.position().expected()) >= 0);
        assertEquals(List.of(), walk.tablespaces());
        assertEquals("host all\n", new String(reader.settings("pg_hba.conf"), StandardCharsets.UTF_8));

        Path restored = folder.resolve("restored");
        Path data = restored.resolve("data");
        Destination destination = Destination.beside(data, manifest.tablespaces());
        reader.materialise(destination, new Noting());
        if (major == 15 && Files.exists(VERIFY_15)) {
            assertEquals(0, run(VERIFY_15.toString(), data.toString()), "pg_verifybackup");
        }
        try (EmbeddedCluster cluster =
                EmbeddedCluster.start(Postgres.binaries(major), EmbeddedCluster.Options.in(restored, "secret"))) {
            assertEquals(rows, text(cluster.connect("postgres"), FINGERPRINT));
            long after = Long.parseLong(text(cluster.connect("postgres"), "select count(*) from ledger"));
            assertTrue(after >= before, () -> after + " rows, " + before + " before");
            assertEquals("0", text(cluster.connect("postgres"), "select count(*) - max(id) from ledger"));
            assertEquals(
                    destination.tablespaces().values().iterator().next().toString(),
                    text(
                            cluster.connect("postgres"),
                            "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'space'"));
        }
        try (var files = Files.walk(space)) {
            assertTrue(files.anyMatch(Files::isRegularFile), "the source's own files are where they were");
        }
    }

    private static void fill(Postgres source, Path space) throws SQLException {
        source.execute(
                "postgres",
                "create tablespace space location '" + space + "'",
                "create table fixed as select id, md5(id::text) note from generate_series(1, 100000) id",
                "create table spaced tablespace space as select id, md5(id::text) note from generate_series(1, 50000) id",
                "create table ledger (id bigint primary key, note text)",
                "create role keeper login replication password 'keeper''s'",
                "create database registered");
        source.execute(
                "registered",
                "grant execute on function pg_catalog.pg_create_restore_point(text) to keeper",
                "grant execute on function pg_catalog.pg_switch_wal() to keeper");
    }

    private static void write(Postgres source, AtomicBoolean stop) {
        try (Connection connection = source.connect("postgres");
                var insert = connection.prepareStatement("insert into ledger values (?, repeat('x', 200))")) {
            for (int id = 1; !stop.get(); id++) {
                insert.setLong(1, id);
                insert.execute();
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As a role that may do no more than it must, and makes its restore point in the one database where it may. */
    private BackupRequest request(Postgres source) {
        return new BackupRequest(
                Endpoint.local(source.port(), "postgres", "keeper", () -> "keeper's"),
                List.of("registered"),
                project,
                "shop",
                "main",
                UUID.randomUUID(),
                null,
                BackupRequest.Options.defaults().withPartBytes(16 << 20).withEvidence(null),
                Map.of("pg_hba.conf", "host all\n".getBytes(StandardCharsets.UTF_8)));
    }

    private static String text(Connection connection, String sql) throws SQLException {
        try (connection;
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            assertTrue(row.next());
            return row.getString(1);
        }
    }

    private static int run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).inheritIO().start();
        process.getOutputStream().close();
        return process.waitFor();
    }
}
