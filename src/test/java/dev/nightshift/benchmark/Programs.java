package dev.nightshift.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Runs the client programs that are compared with. */
final class Programs {
    private Programs() {}

    /**
     * Waits for its end.
     *
     * @param password of the server's role
     * @throws IOException with the program's words if it fails
     */
    static void run(List<String> command, String password) throws IOException {
        run(command, password, Map.of());
    }

    /** The same with more in the environment. */
    static void run(List<String> command, String password, Map<String, String> more) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", password);
        builder.environment().put("LC_ALL", "C");
        builder.environment().putAll(more);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(command.get(0) + " ended with " + process.exitValue() + ": " + output.strip());
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while " + command.get(0) + " ran.", e);
        }
    }
}
