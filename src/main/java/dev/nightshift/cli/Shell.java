package dev.nightshift.cli;

import dev.nightshift.kernel.Clock;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What surrounds a command: where it writes, what it was given, whose time it shows.
 *
 * @param out for data
 * @param err for words: progress, hints, errors
 * @param secret asks for a secret without echo; empty where nobody can be asked
 */
record Shell(
        Map<String, String> environment,
        PrintStream out,
        PrintStream err,
        boolean outIsTerminal,
        boolean errIsTerminal,
        Supplier<Optional<String>> secret,
        ZoneId zone,
        Clock clock) {
    /** Of this process. UTF-8 whatever the locale says: cron has none, and shapes and names would become question marks. */
    static Shell ofProcess() {
        return new Shell(
                System.getenv(),
                stream(FileDescriptor.out),
                stream(FileDescriptor.err),
                isTerminal(1),
                isTerminal(2),
                Shell::askedWithoutEcho,
                ZoneId.systemDefault(),
                Clock.system());
    }

    /** An environment variable; one that is empty counts as none. */
    Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    /** Whether data is written in colour: <a href="https://no-color.org">NO_COLOR</a> and dumb terminals forbid it. */
    boolean colours() {
        return outIsTerminal
                && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !"dumb".equals(environment.get("TERM"));
    }

    /** Writes a line for people. */
    void say(String line) {
        err.println(line);
    }

    /** Writes a line of data. */
    void print(String line) {
        out.println(line);
        // A script must not take half a document for the whole
        if (out.checkError()) {
            throw new Trouble(
                    ExitCode.NOT_WRITTEN,
                    "The output could not be written: the disk is full, or nobody reads it.",
                    null);
        }
    }

    private static PrintStream stream(FileDescriptor file) {
        return new PrintStream(new FileOutputStream(file), true, StandardCharsets.UTF_8);
    }

    @SuppressWarnings("SystemConsoleNull") // whether it is a terminal is asked besides
    private static Optional<String> askedWithoutEcho() {
        Console console = System.console();
        if (console == null || !isTerminal(0)) {
            return Optional.empty();
        }
        char[] typed = console.readPassword("API key (not shown): ");
        return typed == null ? Optional.empty() : Optional.of(new String(typed));
    }

    /**
     * Java 17 tells only whether input and output both are terminals; Linux tells of each. Elsewhere the console decides,
     * which from Java 22 on is there even without a terminal: TERM is not, then.
     */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal(int descriptor) {
        Path link = Path.of("/proc/self/fd", Integer.toString(descriptor));
        if (Files.isSymbolicLink(link)) {
            try {
                String target = Files.readSymbolicLink(link).toString();
                return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
            } catch (IOException e) {
                return false;
            }
        }
        return System.console() != null && System.getenv("TERM") != null;
    }
}
