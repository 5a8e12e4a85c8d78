package dev.nightshift.testing.harness;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the processes that Nightshift starts were given: their command lines and environments. Those that live for a while are
 * looked at every few milliseconds; the short-lived ones, programs that are asked for their version, write it down themselves:
 * a folder of programs that do nothing else stands among those that Nightshift is given.
 */
public final class Children implements AutoCloseable {
    private static final long EVERY_MILLIS = 5;

    private final Nightshift nightshift;
    private final Path written;
    private final Map<String, String> seen = new ConcurrentHashMap<>();
    private final Thread looking = new Thread(this::look, "children");
    private volatile boolean closed;

    /**
     * Begins to look.
     *
     * @param written by the programs of {@link #programs}
     */
    public Children(Nightshift nightshift, Path written) {
        this.nightshift = nightshift;
        this.written = written;
        looking.setDaemon(true);
        looking.start();
    }

    /** Makes a folder of programs of a version that nobody has, which write down how they were started. */
    public static Path programs(Path folder, Path written) throws IOException {
        for (String name : List.of("postgres", "initdb", "pg_ctl")) {
            Path program = folder.resolve(name);
            Files.createFile(
                    program, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.writeString(
                    program,
                    "#!/bin/sh\n/bin/cat /proc/$$/cmdline /proc/$$/environ >> '" + written
                            + "'\n/bin/echo 'postgres (PostgreSQL) 9.6.1'\n");
        }
        return folder;
    }

    private void look() {
        while (!closed) {
            List<Long> trusted =
                    nightshift.servers().stream().map(ProcessHandle::pid).toList();
            nightshift.launcher().descendants().forEach(process -> {
                String command = Processes.commandLine(process);
                // The JDK's own helper is the server itself for the moment before it becomes the child
                boolean itself = trusted.contains(process.pid())
                        || command.contains("/bin/server")
                        || command.contains("-Dnightshift.data=")
                        || command.contains("/lib/jspawnhelper");
                seen.put("command line of " + command, command);
                if (!itself) {
                    seen.put("environment of " + command, Processes.environment(process));
                }
            });
            try {
                Thread.sleep(EVERY_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** What each was given, by what it was; an AssertionError if none of the short-lived ones was seen. */
    public Map<String, String> given() {
        Map<String, String> all = new TreeMap<>(seen);
        try {
            if (!Files.exists(written)) {
                throw new AssertionError("No program was asked for its version: nothing is known of short-lived ones.");
            }
            all.put("what a short-lived program was given", Files.readString(written));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return all;
    }

    @Override
    public void close() {
        closed = true;
        looking.interrupt();
    }
}
