package dev.nightshift.benchmark;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.TakePhysicalBackup;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** One way to take a full backup of a server into an empty folder, synced to disk at its end. */
sealed interface Contender {
    /** As the table calls it. */
    String title();

    void takeBackup(SourceServer source, Path folder) throws IOException;

    /** CPU seconds that the client's side has used so far. */
    double clientSeconds();

    /** pg_basebackup as a DBA would call it: one tar per tablespace, the log streamed, zstd level 1 here, no encryption. */
    record Stock(Binaries programs) implements Contender {
        @Override
        public String title() {
            return "pg_basebackup, client-zstd:1, not encrypted";
        }

        @Override
        public void takeBackup(SourceServer source, Path folder) throws IOException {
            var endpoint = source.endpoint();
            Programs.run(
                    List.of(
                            programs.program("pg_basebackup").toString(),
                            "--pgdata=" + folder,
                            "--format=tar",
                            "--wal-method=stream",
                            "--compress=client-zstd:1",
                            "--checkpoint=fast",
                            "--no-password",
                            "--host=" + endpoint.host(),
                            "--port=" + endpoint.port(),
                            "--username=" + endpoint.user()),
                    source.password());
        }

        @Override
        public double clientSeconds() {
            return CpuTime.ofEndedPrograms();
        }
    }

    /** Nightshift's own backup, as the job takes it but for the ledger. */
    record Nightshift(boolean compressOnServer) implements Contender {
        @Override
        public String title() {
            return "Nightshift, zstd:1 " + (compressOnServer ? "on the server" : "here") + ", encrypted";
        }

        @Override
        public void takeBackup(SourceServer source, Path folder) {
            ProjectId project = new ProjectId(UUID.randomUUID());
            var request = new BackupRequest(
                    source.endpoint(),
                    List.of(source.endpoint().database()),
                    project,
                    "benchmark",
                    "source",
                    UUID.randomUUID(),
                    null,
                    BackupRequest.Options.defaults().withCompressOnServer(compressOnServer),
                    Map.of());
            new TakePhysicalBackup(
                            new FolderStore(folder),
                            ProjectKeys.generate(project),
                            Clock.system(),
                            request,
                            BackupProgress.NONE)
                    .run();
        }

        @Override
        public double clientSeconds() {
            return CpuTime.ofThisProcess();
        }
    }
}
