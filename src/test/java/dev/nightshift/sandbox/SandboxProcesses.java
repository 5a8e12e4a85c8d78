package dev.nightshift.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.stream.Stream;

/** Looks at this machine's processes, and waits for servers. */
final class SandboxProcesses {
    private SandboxProcesses() {}

    /** How many processes name the folder on their command line, this one apart. */
    static long under(Path folder) {
        String self = String.valueOf(ProcessHandle.current().pid());
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("\\d+"))
                    .filter(process -> !process.getFileName().toString().equals(self))
                    .filter(process -> commandLine(process).contains(folder.toString()))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String commandLine(Path process) {
        try {
            return new String(Files.readAllBytes(process.resolve("cmdline")), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first session that the server takes, within a minute. */
    static Connection await(Sandbox sandbox, String database) throws InterruptedException {
        for (int i = 0; i < 600; i++) {
            try {
                return sandbox.connect(database);
            } catch (SQLException e) {
                if (!sandbox.isRunning()) {
                    throw new IllegalStateException(sandbox.log(), sandbox.whyEnded());
                }
                Thread.sleep(100);
            }
        }
        throw new IllegalStateException("no answer: " + sandbox.log());
    }
}
