package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.take.FullBackupRequest;
import dev.nightshift.backup.take.TakeFullBackup;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.sandbox.Sandboxes;
import dev.nightshift.testing.PageChecksum;
import dev.nightshift.testing.Postgres;
import dev.nightshift.vault.ProjectKeys;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of a restored backup are compared with what they were on the source, at the very position. */
class MatchedProofIT {
    /** Small enough that the fixture has a table beyond it. */
    private static final Budget BUDGET =
            new Budget(Duration.ofSeconds(30), Duration.ofMinutes(2), Duration.ofMinutes(9), 4 << 20, 1 << 20);

    private static final String IDLE = "Idle \"DB\"";

    private final ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
    private final List<String> notes = new ArrayList<>();
    private final Path folder;
    private final FolderStore store;
    private final Sandboxes sandboxes;

    MatchedProofIT(@TempDir Path folder) {
        this.folder = folder;
        this.store = new FolderStore(folder.resolve("store"));
        this.sandboxes = new Sandboxes(folder.resolve("sandboxes"), Set.of(), Clock.system());
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 16, 17, 18})
    void rowsEqualTheSourcesWhileOthersWrite(int major) throws Exception {
        try (Postgres source = Postgres.start(major, Map.of("wal_level", "logical"))) {
            fill(source);
            Manifest manifest = underLoad(source, () -> take(source, BUDGET));
            List<Evidence> evidence = material(manifest).evidence();
            Proof proof = prove(source, material(manifest));
            ProofRung rung = proof.ladder().get(4);
            assertAll(
                    () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString),
                    () -> assertEquals(
                            List.of("shop", IDLE),
                            evidence.stream().map(Evidence::database).toList()),
                    () -> assertTrue(evidence.stream().allMatch(each -> each.position() != null), notes::toString),
                    () -> assertEquals(2, rung.figures().get("databases")),
                    // odd, spaced, secret, two partitions, ledger, account, big, the view; and one in the idle database
                    () -> assertEquals(10, rung.figures().get("tables"), evidence::toString),
                    () -> assertEquals(1, rung.figures().get("samples")),
                    () -> assertEquals(
                            List.of(
                                    "rows of database postgres: there is no evidence of it",
                                    "rows of database template1: there is no evidence of it",
                                    "shop: public.fleeting: unlogged: empty after every physical restore"),
                            proof.notChecked().stream()
                                    .filter(line ->
                                            line.startsWith("rows") || line.startsWith("shop: public.fleeting: "))
                                    .sorted()
                                    .toList()),
                    () -> assertEquals("0", text(source, "select count(*) from pg_replication_slots")));
        }
    }

    @Test
    void oneChangedRowFailsTheLevelAndIsNamed() throws Exception {
        try (Postgres source = Postgres.start(17, Map.of("wal_level", "logical"))) {
            fill(source);
            source.execute("shop", "checkpoint");
            String file = text(source, "shop", "select pg_relation_filepath('secret')");
            Manifest manifest = take(source, BUDGET);
            Proof proof = prove(source, tampered(material(manifest), file));
            assertAll(
                    () -> assertEquals(Optional.of(ProofLevel.RESTORED), proof.level(), proof::toString),
                    () -> assertTrue(proof.failed()),
                    () -> assertEquals(
                            "shop: public.secret has as many rows as on the source, 100, with other content.",
                            proof.reason()));
        }
    }

    /** Without logical decoding only what did not change between two looks is said to be equal. */
    @Test
    void whereNoSnapshotHasAPositionWhatChangesIsNotSaidToMatch() throws Exception {
        try (Postgres source = Postgres.start(16)) {
            fill(source);
            Manifest manifest = underLoad(source, () -> take(source, BUDGET));
            Proof proof = prove(source, material(manifest));
            assertAll(
                    () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString),
                    () -> assertTrue(
                            proof.notChecked().contains("shop: public.ledger: it changed while it was measured"),
                            proof.notChecked()::toString),
                    () -> assertEquals(8, proof.ladder().get(4).figures().get("tables"), proof::toString));
        }
    }

    @Test
    void anOpenTransactionDoesNotHoldUpTheBackup() throws Exception {
        try (Postgres source = Postgres.start(15, Map.of("wal_level", "logical", "max_prepared_transactions", "4"))) {
            fill(source);
            source.execute(
                    "shop",
                    "begin",
                    "insert into ledger (account, amount) values (1, 1)",
                    "prepare transaction 'open'");
            var impatient =
                    new Budget(Duration.ofSeconds(2), Duration.ofMinutes(2), Duration.ofMinutes(9), 4 << 20, 1 << 20);
            Manifest manifest = take(source, impatient);
            Proof proof = prove(source, material(manifest));
            assertAll(
                    () -> assertTrue(
                            notes.stream()
                                    .anyMatch(note -> note.startsWith(
                                            "Database shop is measured before and after the restore point")),
                            notes::toString),
                    () -> assertEquals("0", text(source, "select count(*) from pg_replication_slots")),
                    () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString));
        }
    }

    private void fill(Postgres source) throws Exception {
        Path space = Files.createDirectories(folder.resolve("space"));
        source.execute(
                "postgres",
                "create database shop",
                "create database \"Idle \"\"DB\"\"\"",
                "create tablespace space location '" + space + "'",
                "create role keeper login replication bypassrls password 'keeper''s'",
                "grant pg_read_all_data to keeper");
        source.execute(IDLE, "create table quiet as select n, 'x' || n as word from generate_series(1, 1000) n");
        source.execute(
                "shop",
                "grant execute on function pg_catalog.pg_create_restore_point(text) to keeper",
                "grant execute on function pg_catalog.pg_switch_wal() to keeper",
                """
                create table "od""d" (r int, "row" text, t json, place point, tags text[], amount numeric(12,2),
                    share double precision, at timestamptz, range int4range, bits bytea, mood text collate "C")
                """,
                """
                insert into "od""d" select n, 'row ' || n, json_build_object('n', n), point(n, n / 3.0), array['a', 'b' || n],
                    n / 7.0, n / 3.0, now(), int4range(n, n + 5), decode(md5(n::text), 'hex'), null
                  from generate_series(1, 500) n
                """,
                "create table spaced tablespace space as select n from generate_series(1, 1000) n",
                "create table secret (id int, owner name, word text)",
                "insert into secret select n, 'somebody', 'needle-' || lpad(n::text, 6, '0') from generate_series(1, 100) n",
                "alter table secret enable row level security",
                "create table parted (id int, day date) partition by range (day)",
                "create table parted_1 partition of parted for values from ('2026-01-01') to ('2026-02-01')",
                "create table parted_2 partition of parted for values from ('2026-02-01') to ('2026-03-01')",
                "insert into parted select n, date '2026-01-01' + n % 59 from generate_series(1, 300) n",
                "create unlogged table fleeting as select n from generate_series(1, 100) n",
                "create table account (id int primary key, balance bigint not null)",
                "insert into account select n, 100 from generate_series(1, 100) n",
                "create table ledger (id bigint generated always as identity primary key, account int, amount bigint)",
                "create table big as select n, repeat(md5(n::text), 8) as filler from generate_series(1, 30000) n",
                "create materialized view totals as select count(*) from big",
                "select lo_from_bytea(0, 'a large object')",
                "analyze big");
    }

    private interface Taking {
        Manifest take() throws SQLException;
    }

    /** Two writers, whose every transaction moves an amount and notes it. */
    private static Manifest underLoad(Postgres source, Taking taking) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> writers = new ArrayList<>();
        for (int writer = 0; writer < 2; writer++) {
            Thread thread = new Thread(() -> write(source, stop));
            thread.start();
            writers.add(thread);
        }
        try {
            return taking.take();
        } finally {
            stop.set(true);
            for (Thread writer : writers) {
                writer.join();
            }
        }
    }

    private static void write(Postgres source, AtomicBoolean stop) {
        try (Connection connection = source.connect("shop");
                var statement = connection.createStatement()) {
            for (int n = 0; !stop.get(); n++) {
                statement.execute("begin; update account set balance = balance + 1 where id = 1 + " + n % 100
                        + "; insert into ledger (account, amount) values (1 + " + n % 100 + ", 1); commit");
                Thread.sleep(1);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Manifest take(Postgres source, Budget budget) {
        FullBackupRequest request = new FullBackupRequest(
                Endpoint.local(source.port(), "postgres", "keeper", () -> "keeper's"),
                List.of("shop", IDLE),
                keys.project(),
                "shop",
                "main",
                UUID.randomUUID(),
                null,
                FullBackupRequest.Options.defaults().withEvidence(budget),
                Map.of());
        BackupProgress progress = new BackupProgress() {
            @Override
            public void phase(Phase phase) {}

            @Override
            public void bytes(long done, long estimated) {}

            @Override
            public void note(String message) {
                notes.add(message);
            }
        };
        return new TakeFullBackup(store, keys, Clock.system(), request, progress).run();
    }

    private StoredMaterial material(Manifest manifest) {
        return new StoredMaterial(BackupReader.open(store, manifest.folder(), keys.export()));
    }

    private Proof prove(Postgres source, ProofMaterial material) {
        List<Path> programs = List.of(source.cluster().binaries().bin());
        return new ProveBackup(sandboxes, programs, Clock.system())
                .run(material, ProofOptions.STANDARD, ProofWatch.NONE);
    }

    private static String text(Postgres source, String sql) throws SQLException {
        return text(source, "postgres", sql);
    }

    private static String text(Postgres source, String database, String sql) throws SQLException {
        try (Connection connection = source.connect(database);
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    /** One letter in one row changes between the restore and the comparison, with a right checksum. */
    private static ProofMaterial tampered(ProofMaterial real, String file) {
        return new ChangedMaterial(real, restored -> {
            try (var content =
                    new RandomAccessFile(restored.data().resolve(file).toFile(), "rw")) {
                byte[] page = new byte[PageChecksum.PAGE];
                content.readFully(page);
                assertEquals(PageChecksum.stored(page), PageChecksum.of(page, 0), "the page's own checksum");
                int at = new String(page, StandardCharsets.ISO_8859_1).indexOf("needle-000042");
                page[at] = 'N';
                PageChecksum.seal(page, 0);
                content.seek(0);
                content.write(page);
            }
        });
    }
}
