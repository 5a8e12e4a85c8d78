package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Clock;
import dev.nightshift.sandbox.BootstrapRole;
import dev.nightshift.sandbox.Sandboxes;
import dev.nightshift.testing.FolderBackup;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProveBackupIT {
    private final Path folder;
    private final Sandboxes sandboxes;

    ProveBackupIT(@TempDir Path folder) {
        this.folder = folder;
        this.sandboxes = new Sandboxes(folder.resolve("sandboxes"), Set.of(), Clock.system());
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        if (Files.exists(folder.resolve("sandboxes"))) {
            try (Stream<Path> left = Files.list(folder.resolve("sandboxes"))) {
                assertEquals(List.of(), left.toList());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 16, 17, 18})
    void aGoodBackupIsProvenRestoredAndSaysWhatWasNotChecked(int major) throws Exception {
        Map<String, String> settings = Map.of("max_connections", "150", "session_preload_libraries", "auto_explain");
        try (Postgres source = Postgres.start(major, settings)) {
            source.execute("postgres", "create database \"the shop\"");
            source.execute(
                    "the shop",
                    "create table orders (id bigint primary key, customer text, tags int[])",
                    "insert into orders select n, 'c' || n % 100, array[n % 7] from generate_series(1, 20000) n",
                    "create index on orders (customer)",
                    "create index tags on orders using gin (tags)",
                    "create index hashed on orders using hash (id)",
                    "create unlogged table scratch (id int primary key)");
            FolderMaterial material = FolderMaterial.take(source, folder.resolve("backup"));

            List<String> notes = new ArrayList<>();
            Proof proof = prove(material, ProofOptions.STANDARD, new Listener(notes));
            assertNull(proof.reason(), () -> notes.toString());
            assertEquals(Optional.of(ProofLevel.RESTORED), proof.level());
            ProofRung rows = proof.ladder().get(4);
            assertEquals(ProofOutcome.NOT_CHECKED, rows.outcome(), "there is no evidence of them");
            assertEquals("The backup holds no evidence of rows that could be compared.", rows.reason());
            assertNotNull(proof.rto());
            ProofRung last = proof.ladder().get(3);
            assertEquals(3L, last.figures().get("databases"));
            assertTrue(last.figures().getOrDefault("indexes", 0L) > 300, last::evidence);
            assertTrue(last.figures().getOrDefault("tables", 0L) > 200, last::evidence);
            String notChecked = String.join("\n", proof.notChecked());
            assertTrue(notChecked.contains("indexes of access method hash: the shop: public.hashed"), notChecked);
            assertTrue(notChecked.contains("unlogged, empty after every restore: the shop: "), notChecked);
            assertEquals(
                    major < 18, notChecked.contains("gin before PostgreSQL 18: the shop: public.tags"), notChecked);
        }
    }

    @Test
    void aDamagedTableOrIndexIsFoundAndNamedWithItsFile() throws Exception {
        try (Postgres source = Postgres.start(18)) {
            source.execute(
                    "postgres",
                    "create table orders (id bigint primary key, customer text)",
                    "insert into orders select n, 'c' || n % 100 from generate_series(1, 20000) n");
            String table = ask(source, "select pg_relation_filepath('orders')");
            String index = ask(source, "select pg_relation_filepath('orders_pkey')");
            source.execute("postgres", "checkpoint");

            FolderMaterial heap = FolderMaterial.take(source, folder.resolve("heap"));
            flip(heap.folder().resolve("data").resolve(table), 3 * 8192 + 5000);
            ProofRung found = prove(heap, ProofOptions.STANDARD, ProofWatch.NONE)
                    .stumbled()
                    .orElseThrow();
            assertEquals(ProofOutcome.FAILED, found.outcome());
            assertTrue(
                    String.valueOf(found.reason())
                            .startsWith("The table postgres: public.orders (file " + table + ") is damaged: "),
                    found::reason);

            FolderMaterial tree = FolderMaterial.take(source, folder.resolve("tree"));
            flip(tree.folder().resolve("data").resolve(index), 2 * 8192 + 100);
            ProofRung damage = prove(tree, ProofOptions.STANDARD, ProofWatch.NONE)
                    .stumbled()
                    .orElseThrow();
            assertTrue(
                    String.valueOf(damage.reason())
                            .startsWith("The index postgres: public.orders_pkey (file " + index + ") is damaged: "),
                    damage::reason);
        }
    }

    @Test
    void aLogThatEndsTooEarlyOrElsewhereFails() throws Exception {
        try (Postgres source = Postgres.start(17)) {
            source.execute("postgres", "create table orders as select generate_series(1, 1000) n");
            FolderMaterial material = FolderMaterial.take(source, folder.resolve("backup"));
            FolderBackup.Position position = material.position();

            Proof elsewhere = prove(
                    material.expecting(new FolderBackup.Position("0/FF000000", 1, position.restorePoint())),
                    ProofOptions.STANDARD,
                    ProofWatch.NONE);
            assertEquals(
                    "Recovery stopped at " + position.lsn() + " on timeline 1, expected was 0/FF000000 on timeline 1.",
                    elsewhere.reason());

            Proof tooEarly = prove(
                    material.expecting(new FolderBackup.Position(position.lsn(), 1, "never_written")),
                    ProofOptions.STANDARD,
                    ProofWatch.NONE);
            assertTrue(
                    String.valueOf(tooEarly.reason()).contains("recovery ended before configured recovery target"),
                    tooEarly::reason);
            assertTrue(tooEarly.failed());
            assertEquals(Optional.of(ProofLevel.READABLE), tooEarly.level());

            Proof withoutPoint = prove(
                    material.expecting(new FolderBackup.Position("0/1000000", 1, "")),
                    ProofOptions.STANDARD,
                    ProofWatch.NONE);
            assertNull(withoutPoint.reason());
        }
    }

    @Test
    void levelsAboveOneThatFailedAreNotTried() throws Exception {
        FolderMaterial material = new FolderMaterial(
                folder.resolve("none"), 18, new FolderBackup.Position("0/1", 1, "x"), ProofLevel.INTACT);
        Proof proof = prove(material, ProofOptions.STANDARD, ProofWatch.NONE);
        assertEquals(Optional.of(ProofLevel.STORED), proof.level());
        assertEquals("base.tar is not what was stored.", proof.reason());
        assertEquals(
                List.of(
                        ProofOutcome.PASSED,
                        ProofOutcome.FAILED,
                        ProofOutcome.NOT_CHECKED,
                        ProofOutcome.NOT_CHECKED,
                        ProofOutcome.NOT_CHECKED),
                proof.ladder().stream().map(ProofRung::outcome).toList());
    }

    @Test
    void withoutServerProgramsItIsNotPossibleHereAndNotAFailure() {
        FolderMaterial material =
                new FolderMaterial(folder.resolve("none"), 99, new FolderBackup.Position("0/1", 1, "x"), null);
        Proof proof = prove(material, ProofOptions.STANDARD, ProofWatch.NONE);
        assertFalse(proof.failed());
        assertEquals(
                "Cannot be proven here: The server programs of PostgreSQL 99 are not on this machine.", proof.reason());
    }

    @Test
    void aStopEndsItInTheMiddleAndLeavesNothing() throws Exception {
        try (Postgres source = Postgres.start(16)) {
            FolderMaterial material = FolderMaterial.take(source, folder.resolve("backup"));
            ProofWatch stopsAtTheFirstCheck = new ProofWatch() {
                private volatile boolean stopped;

                @Override
                public void progress(Step step, ProofLevel level, long done, long total) {
                    stopped |= step == Step.CHECK;
                }

                @Override
                public void note(String message) {}

                @Override
                public boolean stopped() {
                    return stopped;
                }
            };
            assertThrows(
                    CancellationException.class, () -> prove(material, ProofOptions.STANDARD, stopsAtTheFirstCheck));
        }
    }

    @Test
    void theBootstrapRolesNameIsReadFromItsPages() throws Exception {
        try (Postgres source = Postgres.start(15)) {
            source.execute("postgres", "create role other superuser login password 'secret'");
            try (Connection other = source.cluster().connect("postgres", "other", "secret");
                    Statement statement = other.createStatement()) {
                statement.execute("alter role postgres rename to \"the Boss\"");
                statement.execute("checkpoint");
                assertEquals("the Boss", BootstrapRole.read(source.cluster().data()));
                statement.execute("vacuum full pg_authid");
                statement.execute("alter role \"the Boss\" rename to postgres");
                statement.execute("checkpoint");
                assertEquals("postgres", BootstrapRole.read(source.cluster().data()));
            }
        }
    }

    private Proof prove(ProofMaterial material, ProofOptions options, ProofWatch watch) {
        List<Path> programs = material.major() == 99
                ? List.of()
                : List.of(Postgres.binaries(material.major()).bin());
        return new ProveBackup(sandboxes, programs, Clock.system()).run(material, options, watch);
    }

    private static void flip(Path file, long position) throws IOException {
        try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
            content.seek(position);
            int old = content.read();
            content.seek(position);
            content.write(old ^ 0x55);
        }
    }

    private static String ask(Postgres source, String sql) throws SQLException {
        try (Connection connection = source.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    private record Listener(List<String> notes) implements ProofWatch {
        @Override
        public void progress(Step step, ProofLevel level, long done, long total) {}

        @Override
        public void note(String message) {
            notes.add(message);
        }

        @Override
        public boolean stopped() {
            return false;
        }
    }
}
