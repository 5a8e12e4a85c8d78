package dev.nightshift.benchmark;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.Destination;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.TakePhysicalBackup;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.vault.ProjectKeys;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Nightshift's own backup and restore, as the jobs do them but for the ledger. */
final class NightshiftBackup implements Contender {
    private final boolean compressOnServer;
    private final @Nullable Budget evidence;
    private final ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
    private @Nullable Manifest taken;

    /** @param evidence of rows, which none of the others take; null for none */
    NightshiftBackup(boolean compressOnServer, @Nullable Budget evidence) {
        this.compressOnServer = compressOnServer;
        this.evidence = evidence;
    }

    @Override
    public String title() {
        return "Nightshift, zstd:1 " + (compressOnServer ? "on the server" : "here") + ", encrypted"
                + (evidence == null ? "" : ", evidence of rows");
    }

    @Override
    public void takeBackup(SourceServer source, Path folder) {
        taken = take(source.endpoint(), keys, folder, compressOnServer, evidence);
    }

    static Manifest take(
            Endpoint source, ProjectKeys keys, Path folder, boolean compressOnServer, @Nullable Budget evidence) {
        var request = new BackupRequest(
                source,
                List.of(source.database()),
                keys.project(),
                "benchmark",
                "source",
                UUID.randomUUID(),
                null,
                BackupRequest.Options.defaults()
                        .withCompressOnServer(compressOnServer)
                        .withEvidence(evidence),
                Map.of());
        return new TakePhysicalBackup(new FolderStore(folder), keys, Clock.system(), request, BackupProgress.NONE)
                .run();
    }

    @Override
    public boolean restore(Path folder, Path data) {
        Manifest backup = Objects.requireNonNull(taken);
        BackupReader.open(new FolderStore(folder), backup.folder(), keys.export())
                .materialise(Destination.beside(data, backup.tablespaces()), BackupProgress.NONE);
        return true;
    }

    @Override
    public boolean inPrograms() {
        return false;
    }
}
