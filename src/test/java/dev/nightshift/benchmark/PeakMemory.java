package dev.nightshift.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The most memory that the client's side has at once, looked at every 100 ms: each process's share of its pages (Pss of
 * proc_pid_smaps_rollup(5)), so that what several processes share counts once. A shorter peak is not seen.
 */
final class PeakMemory implements AutoCloseable {
    private static final long EVERY_MILLIS = 100;

    private final boolean programs;
    private final Thread looking = new Thread(this::look, "peak-memory");
    private volatile long peak;
    private volatile boolean closed;

    /** Begins to look at the programs that this JVM starts, or at this JVM itself. */
    PeakMemory(boolean programs) {
        this.programs = programs;
        looking.setDaemon(true);
        looking.start();
    }

    private void look() {
        try {
            while (!closed) {
                peak = Math.max(peak, processes().mapToLong(PeakMemory::share).sum());
                Thread.sleep(EVERY_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Stream<Long> processes() {
        ProcessHandle own = ProcessHandle.current();
        return programs ? own.descendants().map(ProcessHandle::pid) : Stream.of(own.pid());
    }

    /** 0 if it has ended. */
    private static long share(long pid) {
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(pid), "smaps_rollup"))) {
            return lines.filter(line -> line.startsWith("Pss:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                    .sum();
        } catch (IOException | java.io.UncheckedIOException e) {
            return 0;
        }
    }

    /** So far, in bytes. */
    long bytes() {
        return peak;
    }

    @Override
    public void close() {
        closed = true;
        looking.interrupt();
    }
}
