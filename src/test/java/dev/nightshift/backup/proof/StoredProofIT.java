package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.harness.Damage;
import dev.nightshift.testing.harness.Inventory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredProofIT {
    private final Path folder;

    @RegisterExtension
    final Drills drills;

    StoredProofIT(@TempDir Path folder) {
        this.folder = folder;
        this.drills = new Drills(folder);
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void aBackupIsProvenAndTheSourcesTablespacesStayAsTheyAre(int major) throws Exception {
        Path before = Files.createDirectory(folder.resolve("before"));
        Path meanwhile = Files.createDirectory(folder.resolve("meanwhile"));
        try (Postgres source = Postgres.start(major)) {
            source.execute(
                    "postgres",
                    "create tablespace before location '" + before + "'",
                    "create table a tablespace before as select generate_series(1, 1000) n");
            Manifest manifest = drills.take(
                    source,
                    () -> source.execute(
                            "postgres",
                            "create tablespace meanwhile location '" + meanwhile + "'",
                            "create table b tablespace meanwhile as select generate_series(1, 1000) n"));
            // Replay would cut these files to what they were when the backup was taken.
            source.execute(
                    "postgres",
                    "insert into a select generate_series(1, 200000)",
                    "insert into b select generate_series(1, 200000)",
                    "checkpoint");
            Map<Path, String> files = Inventory.files(before, meanwhile);

            Proof proof = prove(source, manifest, ProofWatch.NONE);
            assertNull(proof.reason());
            assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString);
            assertEquals(1, proof.ladder().get(4).figures().get("tables"), proof::toString);
            assertTrue(proof.ladder().get(2).figures().getOrDefault("files", 0L) > 900, proof::toString);
            assertEquals(files, Inventory.files(before, meanwhile));
        }
    }

    @Test
    void damageInTheStoreIsFoundBeforeAServerIsStartedAndAStopLeavesNothing() throws Exception {
        try (Postgres source = Postgres.start(17)) {
            Manifest manifest = drills.take(source, () -> {});
            ProofWatch stopsInTheRestore = new ProofWatch() {
                private volatile boolean stopped;

                @Override
                public void progress(Step step, ProofLevel level, long done, long total) {
                    stopped |= step == Step.RESTORE;
                }

                @Override
                public void note(String message) {}

                @Override
                public boolean stopped() {
                    return stopped;
                }
            };
            assertThrows(CancellationException.class, () -> prove(source, manifest, stopsInTheRestore));

            StoredObject object = manifest.objects().stream()
                    .filter(each -> each.kind() == StoredObject.Kind.ARCHIVE)
                    .findFirst()
                    .orElseThrow();
            Path file = drills.store().resolve(manifest.folder()).resolve(object.name());
            Damage.flip(file);
            Proof proof = prove(source, manifest, ProofWatch.NONE);
            assertEquals(Optional.of(ProofLevel.STORED), proof.level());
            assertEquals("The object " + object.name() + " has another SHA-256 than was stored.", proof.reason());
            assertTrue(proof.failed());
        }
    }

    private Proof prove(Postgres source, Manifest manifest, ProofWatch watch) {
        return drills.prove(source, drills.material(manifest), ProofOptions.STANDARD, watch);
    }
}
