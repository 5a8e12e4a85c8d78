package dev.nightshift.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One program that runs in walls of its own beside a sandbox's server, and ends by itself. */
public final class Errand {
    /** The folder of the server's socket as such a program sees it. */
    public static final Path SOCKET = Isolation.SOCKET;

    private static final AtomicLong NUMBER = new AtomicLong();

    /** The last line that {@link Isolation} has written. */
    private static final Pattern END = Pattern.compile("(?m)^" + ServerLog.ENDED + "(\\d+)$");

    private final Process process;
    private final Path log;

    private Errand(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /**
     * How it ended.
     *
     * @param code its exit code; over 128 if a signal ended it, -1 if the walls fell before it ended
     * @param said what it wrote, standard output and error as they came: the last 64 kB
     */
    public record Outcome(int code, String said) {}

    /** Where the next one writes: beside the server's own log, which is not the server's to write either. */
    static Path log(SandboxFolder folder) {
        return folder.path().resolve("errand-" + NUMBER.incrementAndGet() + ".log");
    }

    /** @param script with that log */
    static Errand start(Isolation isolation, String script, Path log) throws IOException {
        Process started = Walls.start(isolation, script);
        try {
            Walls.await(isolation, started);
        } catch (NotPossibleHere e) {
            started.destroyForcibly();
            throw e;
        }
        return new Errand(started, log);
    }

    /** Waits until it has ended, at the latest when the sandbox's time is up. */
    Outcome await() {
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
        }
        String said = ServerLog.tail(log);
        Matcher end = END.matcher(said);
        int code = -1;
        int from = said.length();
        while (end.find()) {
            code = Integer.parseInt(end.group(1));
            from = end.start();
        }
        try {
            Files.deleteIfExists(log);
        } catch (IOException e) {
            return new Outcome(code, said.substring(0, from)); // goes with the sandbox
        }
        return new Outcome(code, said.substring(0, from));
    }

    /** Ends it, with everything in its namespace. */
    void kill() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
