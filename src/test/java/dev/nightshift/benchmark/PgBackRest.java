package dev.nightshift.benchmark;

import dev.nightshift.postgres.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * pgBackRest into a repository of its own: zst level 1, AES-256-CBC, two processes. It reads the server's files itself. The
 * server archives nothing, so its backup holds no log, unlike the others'.
 */
final class PgBackRest implements Contender {
    private static final String PASSPHRASE = "a passphrase of the benchmark's";

    private final Path program;

    private PgBackRest(Path program) {
        this.program = program;
    }

    /** Empty where it is not installed. */
    static Optional<Contender> installed() {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .map(folder -> Path.of(folder, "pgbackrest"))
                .filter(Files::isExecutable)
                .findFirst()
                .map(PgBackRest::new);
    }

    @Override
    public String title() {
        return "pgBackRest, zst 1, two processes, encrypted";
    }

    @Override
    public void prepare(SourceServer source, Path folder) throws IOException {
        onSource(source, folder, "stanza-create");
    }

    @Override
    public void takeBackup(SourceServer source, Path folder) throws IOException {
        onSource(
                source,
                folder,
                "backup",
                "--type=full",
                "--start-fast",
                "--no-archive-check",
                "--compress-type=zst",
                "--compress-level=1",
                "--process-max=2");
    }

    @Override
    public boolean restore(Path folder, Path data) throws IOException {
        run(folder, data, List.of("restore", "--process-max=2", "--type=none"), "", Map.of());
        return true;
    }

    private void onSource(SourceServer source, Path folder, String... command) throws IOException {
        Endpoint endpoint = source.endpoint();
        List<String> words = new ArrayList<>(List.of(command));
        words.add("--pg1-port=" + endpoint.port());
        words.add("--pg1-user=" + endpoint.user());
        // Without a folder for the socket it leaves the way to libpq
        run(folder, source.data(), words, source.password(), Map.of("PGHOST", endpoint.host()));
    }

    private void run(Path folder, Path data, List<String> command, String password, Map<String, String> more)
            throws IOException {
        List<String> words = new ArrayList<>(List.of(program.toString()));
        words.addAll(command);
        words.addAll(List.of(
                "--stanza=source",
                "--no-config",
                "--pg1-path=" + data,
                "--repo1-path=" + folder.resolve("repository"),
                "--repo1-cipher-type=aes-256-cbc",
                "--lock-path=" + folder.resolve("lock"),
                "--log-level-file=off",
                "--log-level-console=warn"));
        Map<String, String> environment = new HashMap<>(more);
        environment.put("PGBACKREST_REPO1_CIPHER_PASS", PASSPHRASE);
        Programs.run(words, password, environment);
    }

    @Override
    public boolean inPrograms() {
        return true;
    }
}
