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
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.TakePhysicalBackup;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.sandbox.Sandboxes;
import dev.nightshift.testing.PageChecksum;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.harness.Fixture;
import dev.nightshift.vault.ProjectKeys;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
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
        try (Fixture fixture = Fixture.start(major, Map.of("wal_level", "logical"), folder)) {
            Postgres source = fixture.server();
            Manifest manifest = underLoad(source, () -> take(source, BUDGET));
            List<Evidence> evidence = material(manifest).evidence();
            Proof proof = prove(source, material(manifest));
            ProofRung rung = proof.ladder().get(4);
            assertAll(
                    () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString),
                    () -> assertEquals(
                            List.of(Fixture.SHOP, Fixture.IDLE),
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
                    () -> assertEquals("0", fixture.text("postgres", "select count(*) from pg_replication_slots")));
        }
    }

    @Test
    void oneChangedRowFailsTheLevelAndIsNamed() throws Exception {
        try (Fixture fixture = Fixture.start(17, Map.of("wal_level", "logical"), folder)) {
            Postgres source = fixture.server();
            source.execute(
                    "shop",
                    "create table sorted as select 'a'::text as word",
                    "create index sorted_elsewhere on sorted (word collate ucs_basic)",
                    "update pg_collation set collversion = '0' where collname = 'ucs_basic'",
                    "checkpoint");
            String file = fixture.text(Fixture.SHOP, "select pg_relation_filepath('secret')");
            Manifest manifest = take(source, BUDGET);
            Proof proof = prove(source, tampered(material(manifest), file));
            assertAll(
                    () -> assertEquals(Optional.of(ProofLevel.RESTORED), proof.level(), proof::toString),
                    () -> assertTrue(proof.failed()),
                    () -> assertTrue(
                            proof.notChecked().stream()
                                    .anyMatch(each -> each.contains("sorted_elsewhere")
                                            && each.contains("collation version differs (ucs_basic: 0 on the source")),
                            () -> proof.notChecked().toString()),
                    () -> assertEquals(
                            "shop: public.secret has as many rows as on the source, 100, with other content.",
                            proof.reason()));
        }
    }

    /** Without logical decoding only what did not change between two looks is said to be equal. */
    @Test
    void whereNoSnapshotHasAPositionWhatChangesIsNotSaidToMatch() throws Exception {
        try (Fixture fixture = Fixture.start(16, Map.of(), folder)) {
            Postgres source = fixture.server();
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
        try (Fixture fixture = Fixture.start(15, Map.of("wal_level", "logical"), folder)) {
            Postgres source = fixture.server();
            fixture.prepareTransaction();
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
                    () -> assertEquals("0", fixture.text("postgres", "select count(*) from pg_replication_slots")),
                    () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString));
        }
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
        BackupRequest request = new BackupRequest(
                Endpoint.local(source.port(), "postgres", Fixture.KEEPER, () -> Fixture.KEEPERS_PASSWORD),
                List.of(Fixture.SHOP, Fixture.IDLE),
                keys.project(),
                "shop",
                "main",
                UUID.randomUUID(),
                null,
                BackupRequest.Options.defaults().withEvidence(budget),
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
        return new TakePhysicalBackup(store, keys, Clock.system(), request, progress).run();
    }

    private StoredMaterial material(Manifest manifest) {
        return new StoredMaterial(BackupReader.open(store, manifest.folder(), keys.export()));
    }

    private Proof prove(Postgres source, ProofMaterial material) {
        List<Path> programs = List.of(source.cluster().binaries().bin());
        return new ProveBackup(sandboxes, programs, Clock.system())
                .run(material, ProofOptions.STANDARD, ProofWatch.NONE);
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
