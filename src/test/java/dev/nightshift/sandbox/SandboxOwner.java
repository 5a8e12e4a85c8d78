package dev.nightshift.sandbox;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.testing.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** A Nightshift of its own process that holds a sandbox until it is killed: root, a stopped cluster's data, a file to write. */
final class SandboxOwner {
    private SandboxOwner() {}

    public static void main(String[] arguments) throws Exception {
        Path source = Path.of(arguments[1]);
        while (Files.exists(source.resolve("postmaster.pid"))) {
            Thread.sleep(50);
        }
        Sandbox sandbox = new Sandboxes(Path.of(arguments[0]), Set.of(), Clock.system())
                .create("test", Quota.ofDisk(new Bytes(2L << 30)), new Bytes(0), Duration.ofMinutes(5));
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.filter(f -> !f.equals(source)).toList()) {
                Files.copy(file, sandbox.folder().data().resolve(source.relativize(file)));
            }
        }
        sandbox.start(Postgres.binaries(18), new ServerSettings(18, "postgres", null, Preload.NONE), Map.of());
        SandboxProcesses.await(sandbox, "postgres").close();
        Files.createFile(Path.of(arguments[2]));
        Thread.sleep(Duration.ofMinutes(5).toMillis());
    }
}
