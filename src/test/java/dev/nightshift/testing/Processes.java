package dev.nightshift.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Running programs, and looking at those that run. */
public final class Processes {
    private Processes() {}

    /** Exit code and what was printed, both streams together. */
    public record Result(int exit, String output) {
        /** Itself; an AssertionError if the program failed. */
        public Result succeeded() {
            if (exit != 0) {
                throw new AssertionError("exit code " + exit + ": " + output);
            }
            return this;
        }
    }

    /** Runs a program; as root in a user namespace of its own, because PostgreSQL's programs refuse root. */
    public static Result run(Duration deadline, String... command) throws IOException {
        List<String> full = new ArrayList<>();
        if (Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
            full.addAll(List.of("unshare", "-U", "--"));
        }
        full.addAll(List.of(command));
        return run(deadline, full);
    }

    /** Runs a program as this user. */
    public static Result run(Duration deadline, List<String> command) throws IOException {
        Path output = Files.createTempFile("nightshift-", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(deadline.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " was not done in " + deadline);
            }
            return new Result(process.exitValue(), Files.readString(output));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while " + command + " ran.", e);
        } finally {
            Files.deleteIfExists(output);
        }
    }

    /** Every process of this machine whose command line contains the text. */
    public static List<ProcessHandle> withArgument(String text) {
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).contains(text))
                .toList();
    }

    /** The words of its command line, separated by blanks; empty if it ended meanwhile. */
    public static String commandLine(ProcessHandle process) {
        return read("/proc/" + process.pid() + "/cmdline");
    }

    /** NAME=value, separated by blanks; empty if it ended meanwhile. */
    public static String environment(ProcessHandle process) {
        return read("/proc/" + process.pid() + "/environ");
    }

    private static String read(String file) {
        try {
            return new String(Files.readAllBytes(Path.of(file)), StandardCharsets.UTF_8).replace('\0', ' ');
        } catch (IOException e) {
            return "";
        }
    }

    /** Waits until a program that was just started has written a word, which it does within a minute. */
    static void awaitWord(String name, Process process, Path output, String word) {
        Eventually.isTrue(name, Duration.ofMinutes(1), () -> {
            String said = text(output);
            if (!process.isAlive()) {
                throw new AssertionError(name + " ended:\n" + said);
            }
            return said.contains(word);
        });
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asks it to end, and kills it if it has not in ten seconds. */
    static void end(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** kill -9, and waits for the end. */
    public static void kill(ProcessHandle process) {
        process.destroyForcibly();
        process.onExit().orTimeout(20, TimeUnit.SECONDS).join();
    }

    /** Whether a process does not ignore a signal, as Linux says it. */
    public static boolean hears(ProcessHandle process, int signal) throws IOException {
        String ignored = Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .findFirst()
                .orElseThrow();
        return (Long.parseUnsignedLong(ignored.substring("SigIgn:".length()).strip(), 16) >> (signal - 1) & 1) == 0;
    }
}
