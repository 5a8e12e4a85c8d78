package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.backup.take.FullBackupRequest;
import dev.nightshift.backup.take.TakeFullBackup;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.sandbox.Sandboxes;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.harness.Damage;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredProofIT {
    private final ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
    private final Path folder;
    private final FolderStore store;
    private final Sandboxes sandboxes;

    StoredProofIT(@TempDir Path folder) {
        this.folder = folder;
        this.store = new FolderStore(folder.resolve("store"));
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
    @ValueSource(ints = {15, 18})
    void aBackupIsProvenAndTheSourcesTablespacesStayAsTheyAre(int major) throws Exception {
        Path before = Files.createDirectory(folder.resolve("before"));
        Path meanwhile = Files.createDirectory(folder.resolve("meanwhile"));
        try (Postgres source = Postgres.start(major)) {
            source.execute(
                    "postgres",
                    "create tablespace before location '" + before + "'",
                    "create table a tablespace before as select generate_series(1, 1000) n");
            Manifest manifest = take(
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
            Manifest manifest = take(source, () -> {});
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
            Path file = folder.resolve("store").resolve(manifest.folder()).resolve(object.name());
            Damage.flip(file);
            Proof proof = prove(source, manifest, ProofWatch.NONE);
            assertEquals(Optional.of(ProofLevel.STORED), proof.level());
            assertEquals("The object " + object.name() + " has another SHA-256 than was stored.", proof.reason());
            assertTrue(proof.failed());
        }
    }

    private interface Change {
        void make() throws SQLException;
    }

    /** The change is made after the last file was copied, before the log ends. */
    private Manifest take(Postgres source, Change change) {
        FullBackupRequest request = new FullBackupRequest(
                Endpoint.local(source.port(), "postgres", source.user(), source::password),
                List.of("postgres"),
                keys.project(),
                "shop",
                "main",
                UUID.randomUUID(),
                null,
                FullBackupRequest.Options.defaults(),
                Map.of());
        BackupProgress progress = new BackupProgress() {
            @Override
            public void phase(Phase phase) {
                if (phase == Phase.LOG) {
                    try {
                        change.make();
                    } catch (SQLException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }

            @Override
            public void bytes(long done, long estimated) {}

            @Override
            public void note(String message) {}
        };
        return new TakeFullBackup(store, keys, Clock.system(), request, progress).run();
    }

    private Proof prove(Postgres source, Manifest manifest, ProofWatch watch) {
        BackupReader reader = BackupReader.open(store, manifest.folder(), keys.export());
        List<Path> programs = List.of(source.cluster().binaries().bin());
        return new ProveBackup(sandboxes, programs, Clock.system())
                .run(new StoredMaterial(reader), ProofOptions.STANDARD, watch);
    }
}
