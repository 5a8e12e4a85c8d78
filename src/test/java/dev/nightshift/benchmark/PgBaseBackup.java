package dev.nightshift.benchmark;

import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** pg_basebackup as a DBA would call it: one tar per tablespace, the log streamed, zstd level 1 here, no encryption. */
record PgBaseBackup(Binaries programs) implements Contender {
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
    public boolean restore(Path folder, Path data) throws IOException {
        Path log = folder.resolve("pg_wal.tar");
        extract(folder.resolve("base.tar.zst"), data);
        extract(Files.exists(log) ? log : folder.resolve("pg_wal.tar.zst"), data.resolve("pg_wal"));
        Programs.run(List.of("sync", "--file-system", data.toString()), "");
        return true;
    }

    private static void extract(Path archive, Path folder) throws IOException {
        Programs.run(List.of("tar", "-xaf", archive.toString(), "-C", folder.toString()), "");
    }

    @Override
    public boolean inPrograms() {
        return true;
    }
}
