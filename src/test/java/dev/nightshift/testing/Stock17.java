package dev.nightshift.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** PostgreSQL 17's own programs as Debian builds them, unpacked into a folder of their own; nothing of them is installed. */
public final class Stock17 {
    private static final Path FOLDER = Path.of("target", "postgresql-17");
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    private Stock17() {}

    /** Their folder. The first time of all it unpacks them, which needs the package registry. */
    public static synchronized Path bin() throws IOException {
        Path bin = FOLDER.resolve("bin").toAbsolutePath();
        NodePackage.alone("postgresql-17", () -> {
            if (!Files.exists(bin.resolve("postgres"))) {
                Processes.run(DEADLINE, List.of("bash", ".ci/postgresql-17", FOLDER.toString()))
                        .succeeded();
            }
        });
        return bin;
    }

    /** Runs one of them; it may fail. */
    public static Processes.Result run(String program, String... arguments) throws IOException {
        Path path = bin().resolve(program);
        return Processes.run(
                DEADLINE,
                Stream.concat(Stream.of(path.toString()), Stream.of(arguments)).toArray(String[]::new));
    }
}
