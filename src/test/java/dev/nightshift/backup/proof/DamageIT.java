package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.TakePhysicalBackup;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.sandbox.Sandboxes;
import dev.nightshift.testing.PageChecksum;
import dev.nightshift.testing.harness.CuttingProxy;
import dev.nightshift.testing.harness.Damage;
import dev.nightshift.testing.harness.Fixture;
import dev.nightshift.testing.harness.Seed;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Damage where chance does it is found at the level that can find it, and what was damaged is named. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DamageIT {
    private static final int EACH = 3;

    /** Of the table big: neither its first page nor its last. */
    private static final int PAGE = 5;

    private final ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
    private final Random random = Seed.of("DamageIT");
    private final Damage damage = new Damage(random);
    private Path folder;
    private Fixture fixture;
    private FolderStore store;
    private Manifest manifest;

    @BeforeAll
    void aBackup(@TempDir Path temporary) throws Exception {
        folder = temporary;
        store = new FolderStore(folder.resolve("store"));
        fixture = Fixture.start(17, Map.of(), folder);
        manifest = take(fixture.server().port());
        Proof whole = prove(store, manifest, ProofLevel.READABLE);
        assertEquals(Optional.of(ProofLevel.READABLE), whole.level(), whole::toString);
    }

    @AfterAll
    void stop() {
        fixture.close();
    }

    @ParameterizedTest
    @EnumSource(Damage.Kind.class)
    void damageIsFoundAtItsLevelAndNamed(Damage.Kind kind) throws IOException {
        for (int time = 1; time <= EACH; time++) {
            Path copy = folder.resolve(kind + "-" + time);
            copy(folder.resolve("store"), copy);
            Damage.Done done = damage.inflict(kind, copy.resolve(manifest.folder()));
            if (done.objects().contains(Manifest.NAME)) {
                Failure refused = assertThrows(
                        Failure.class,
                        () -> prove(new FolderStore(copy), manifest, ProofLevel.MATCHED),
                        done::toString);
                // Where it is the wrapped key in it that was hit, the words are of that
                String words = String.valueOf(refused.getMessage());
                assertTrue(
                        words.contains(Manifest.NAME) || words.contains("The data key of backup"),
                        done + ": " + refused);
                continue;
            }
            Proof proof = prove(new FolderStore(copy), manifest, ProofLevel.MATCHED);
            // A missing byte shows in the sizes already; other bytes need the hash
            Optional<ProofLevel> expected = done.resized() ? Optional.empty() : Optional.of(ProofLevel.STORED);
            String reason = String.valueOf(proof.reason());
            assertAll(
                    () -> assertEquals(expected, proof.level(), done + ": " + proof),
                    () -> assertTrue(proof.failed(), done + ": " + proof),
                    () -> assertTrue(
                            done.objects().stream().anyMatch(object -> reason.startsWith("The object " + object + " ")),
                            done + ": " + reason));
        }
    }

    /** The page is whole in no object any more, but every object is as it was stored: only the server's list tells. */
    @Test
    void aPageThatWasZeroedBeforeItWasEncryptedIsFoundByReadingAndItsFileIsNamed() throws Exception {
        fixture.server().execute(Fixture.SHOP, "checkpoint");
        String file = fixture.text(Fixture.SHOP, "select pg_relation_filepath('big')");
        byte[] page = new byte[PageChecksum.PAGE];
        try (RandomAccessFile content = new RandomAccessFile(
                fixture.server().cluster().data().resolve(file).toFile(), "r")) {
            content.seek((long) PAGE * page.length);
            content.readFully(page);
        }
        try (CuttingProxy proxy = CuttingProxy.to(fixture.server().port(), random)) {
            proxy.zero(page);
            Manifest zeroed = take(proxy.port());
            Proof proof = prove(store, zeroed, ProofLevel.MATCHED);
            assertAll(
                    () -> assertEquals(1, proxy.zeroed(), "pages zeroed on their way"),
                    () -> assertEquals(Optional.of(ProofLevel.INTACT), proof.level(), proof::toString),
                    () -> assertTrue(proof.failed()),
                    () -> assertEquals(
                            "The archive base.tar: the file " + file + " has another CRC-32C than the server listed.",
                            proof.reason()));
        }
    }

    /** Without compression on the server and without TLS: what is on the wire is what is in the files. */
    private Manifest take(int port) {
        BackupRequest request = new BackupRequest(
                Endpoint.local(port, "postgres", Fixture.KEEPER, () -> Fixture.KEEPERS_PASSWORD),
                List.of(Fixture.SHOP, Fixture.IDLE),
                keys.project(),
                "shop",
                "main",
                UUID.randomUUID(),
                null,
                BackupRequest.Options.defaults().withCompressOnServer(false).withPartBytes(8 << 20),
                Map.of());
        BackupProgress progress = new BackupProgress() {
            @Override
            public void phase(Phase phase) {}

            @Override
            public void bytes(long done, long estimated) {}

            @Override
            public void note(String message) {}
        };
        return new TakePhysicalBackup(store, keys, Clock.system(), request, progress).run();
    }

    private Proof prove(FolderStore from, Manifest backup, ProofLevel upTo) {
        var sandboxes = new Sandboxes(folder.resolve("sandboxes"), Set.of(), Clock.system());
        var standard = ProofOptions.STANDARD;
        return new ProveBackup(
                        sandboxes, List.of(fixture.server().cluster().binaries().bin()), Clock.system())
                .run(
                        new StoredMaterial(BackupReader.open(from, backup.folder(), keys.export())),
                        new ProofOptions(upTo, standard.parents(), standard.everyRow(), standard.limits()),
                        ProofWatch.NONE);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }
}
