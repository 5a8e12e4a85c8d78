package dev.nightshift.postgres;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A program of PostgreSQL at work for us. What it writes is read from {@link #output}, what it reads is written to {@link
 * #input}; of what it complains the end is kept. Whoever closes this kills it, with every process that it started.
 */
public final class ToolProcess implements AutoCloseable {
    /** Characters of complaints that are kept, and of one that is told. */
    private static final int KEPT = 32 << 10;

    private static final int TOLD = 600;
    private static final int LINES = 4;
    private static final Duration LAST_WORDS = Duration.ofSeconds(10);

    private final String name;
    private final Process process;
    private final Thread listener;
    private final StringBuilder complaints = new StringBuilder();
    private volatile boolean killed;

    /** Whether a program gets this text as it is, as argument and in its environment: a locale may lack letters of it. */
    public static boolean canGet(String text) {
        return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"))
                .newEncoder()
                .canEncode(text);
    }

    private ToolProcess(String name, Process process) {
        this.name = name;
        this.process = process;
        this.listener = new Thread(this::listen, "nightshift-" + name);
        listener.setDaemon(true);
        listener.start();
    }

    /**
     * Starts it.
     *
     * @param arguments hold no secret: every user of this machine can read them
     * @throws Failure.Retryable if it cannot be started
     */
    public static ToolProcess start(Path program, List<String> arguments, ToolLogin login) {
        String name = program.getFileName().toString();
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).directory(new java.io.File("/"));
        builder.environment().clear();
        builder.environment().putAll(login.environment());
        try {
            return new ToolProcess(name, builder.start());
        } catch (IOException e) {
            // The JDK's message repeats the command only
            throw new Failure.Retryable(name + " cannot be started: " + e.getMessage(), null, e);
        }
    }

    private void listen() {
        byte[] buffer = new byte[4096];
        try (InputStream said = process.getErrorStream()) {
            for (int count = said.read(buffer); count >= 0; count = said.read(buffer)) {
                synchronized (complaints) {
                    complaints.append(new String(buffer, 0, count, StandardCharsets.UTF_8));
                    complaints.delete(0, Math.max(0, complaints.length() - KEPT));
                }
            }
        } catch (IOException e) {
            return; // it was killed
        }
    }

    public InputStream output() {
        return process.getInputStream();
    }

    public OutputStream input() {
        return process.getOutputStream();
    }

    public long pid() {
        return process.pid();
    }

    /** Kills it and all that it started, from any thread. */
    public void kill() {
        killed = true;
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** Whether {@link #kill} was called. */
    public boolean wasKilled() {
        return killed;
    }

    /**
     * Waits for its end.
     *
     * @return the exit code; over 128 if a signal ended it; -1 if it did not end in time and was killed
     */
    public int end(Duration patience) {
        try {
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                kill();
                return -1;
            }
            listener.join(LAST_WORDS.toMillis());
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kill();
            return -1;
        }
    }

    /** Whether it has ended, after so long at most. */
    public boolean hasEnded(Duration patience) {
        try {
            return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kill();
            return true;
        }
    }

    /** What it said last of why it failed, in a few lines, without statements and rows; empty if it said nothing. */
    public String reason() {
        synchronized (complaints) {
            return reason(name, complaints.toString());
        }
    }

    /**
     * Of what a program of this name complained the lines that say what is wrong: the others repeat statements, and what the
     * server says in detail quotes rows.
     */
    public static String reason(String name, String complaints) {
        List<String> lines = complaints
                .lines()
                .filter(line -> line.startsWith(name + ": error: ")
                        || line.startsWith(name + ": detail: Error message from server: "))
                .map(line -> line.substring(name.length() + 2)
                        .replaceFirst("^(?:error|detail): ", "")
                        .replaceAll("ERROR: {1,2}", ""))
                .map(line -> line.length() > TOLD ? line.substring(0, TOLD) + " …" : line)
                .toList();
        return lines.stream().skip(Math.max(0, lines.size() - LINES)).collect(Collectors.joining(" "));
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            kill();
        }
    }
}
