package dev.nightshift.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process that cannot be mistaken for a later one with the same number: its start in clock ticks since the boot, and
 * which boot that was (proc(5), /proc/pid/stat field 22 and /proc/sys/kernel/random/boot_id).
 */
record ProcessMark(long pid, long startTicks, String boot) {
    private static final Path PROC = Path.of("/proc");

    /** The process as it is now; empty if it has ended or the machine has no /proc. */
    static Optional<ProcessMark> of(long pid) {
        try {
            String stat = Files.readString(PROC.resolve(pid + "/stat"));
            // The name in parentheses may hold anything, a parenthesis too: fields count from the last one.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            boolean ended = fields[0].equals("Z") || fields[0].equals("X");
            return ended ? Optional.empty() : Optional.of(new ProcessMark(pid, Long.parseLong(fields[19]), thisBoot()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    static ProcessMark self() {
        long pid = ProcessHandle.current().pid();
        return of(pid).orElseGet(() -> new ProcessMark(pid, 0, "unknown"));
    }

    boolean isAlive() {
        return of(pid).filter(this::equals).isPresent();
    }

    /** Kills the process if it still is the one that was marked. */
    void kill() {
        if (isAlive()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    private static String thisBoot() throws IOException {
        return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
    }
}
