package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs PostgreSQL's programs with a clean environment; they refuse root, so as root in a user namespace of their own. */
final class Programs {
    /** Exit code and what was printed, both streams together. */
    record Result(int exit, String output) {}

    private static final boolean ROOT = root();

    private Programs() {}

    /**
     * Runs a program to its end. Its output goes through a file, because a server that it starts keeps its streams open.
     *
     * @throws Failure.Fatal if it cannot be started, or is not done in time (it is killed then)
     */
    static Result run(List<String> command, Duration deadline) {
        List<String> full = new ArrayList<>();
        if (ROOT) {
            full.addAll(List.of("unshare", "-U", "--"));
        }
        full.addAll(command);
        try {
            Path output = Files.createTempFile("nightshift-", ".out");
            try {
                ProcessBuilder builder = new ProcessBuilder(full)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .redirectInput(ProcessBuilder.Redirect.from(
                                Path.of("/dev/null").toFile()));
                Map<String, String> environment = builder.environment();
                String path = environment.getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
                environment.clear();
                environment.putAll(Map.of("PATH", path, "LC_ALL", "C", "TZ", "UTC"));
                int exit = await(builder.start(), command.get(0), deadline);
                return new Result(
                        exit, Files.readString(output, StandardCharsets.UTF_8).strip());
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new Failure.Fatal("Could not run " + command.get(0) + ": " + e.getMessage(), null, e);
        }
    }

    private static int await(Process process, String program, Duration deadline) {
        try {
            if (process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
            process.destroyForcibly();
            throw new Failure.Fatal(program + " was not done in " + deadline.toSeconds() + " s.", null, null);
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new Failure.Fatal("Interrupted while " + program + " ran.", null, e);
        }
    }

    private static boolean root() {
        try {
            return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException | UnsupportedOperationException e) {
            return "root".equals(System.getProperty("user.name"));
        }
    }
}
