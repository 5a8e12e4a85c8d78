package dev.nightshift.testing;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** A program of npm's that only tests run, from a folder of its own with a lock file. */
final class NodePackage {
    private NodePackage() {}

    /** Installs it in {@code target} if need be, by the name of its folder in {@code src/test}; one JVM after the other. */
    static Path install(String name) throws IOException {
        Path installed = Files.createDirectories(Path.of("target", name));
        alone(name, () -> install(Path.of("src", "test", name), installed));
        return installed;
    }

    /** What makes a folder in {@code target} that tests of all JVMs share. */
    @FunctionalInterface
    interface Install {
        void run() throws IOException;
    }

    /** Has it run by one JVM after the other; the first one finds nothing, the others what it made. */
    static void alone(String name, Install install) throws IOException {
        Path guard = Files.createDirectories(Path.of("target")).resolve(name + ".lock");
        try (FileChannel alone = FileChannel.open(guard, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            alone.lock();
            install.run();
        }
    }

    private static void install(Path source, Path installed) throws IOException {
        try (Stream<Path> files = Files.list(source)) {
            for (Path file : files.toList()) {
                Files.copy(file, installed.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        String lock = Files.readString(source.resolve("package-lock.json"));
        Path marker = installed.resolve("installed");
        if (!Files.exists(marker) || !Files.readString(marker).equals(lock)) {
            Processes.run(
                            Duration.ofMinutes(10),
                            List.of("npm", "ci", "--loglevel=error", "--prefix", installed.toString()))
                    .succeeded();
            Files.writeString(marker, lock);
        }
    }
}
