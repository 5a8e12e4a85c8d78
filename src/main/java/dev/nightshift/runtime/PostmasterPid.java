package dev.nightshift.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a server wrote into its data folder's postmaster.pid: process id in line 1, port in line 4, status in line 8
 * ("ready", "starting", "stopping"; the source's src/include/utils/pidfile.h).
 */
record PostmasterPid(long pid, int port, boolean ready) {
    static Path file(Path data) {
        return data.resolve("postmaster.pid");
    }

    /** Empty if there is no such file, or one that is not written to its end. */
    static Optional<PostmasterPid> read(Path data) {
        try {
            List<String> lines = Files.readAllLines(file(data));
            if (lines.size() < 4) {
                return Optional.empty();
            }
            boolean ready = lines.size() >= 8 && lines.get(7).strip().equals("ready");
            return Optional.of(new PostmasterPid(
                    Long.parseLong(lines.get(0).strip()),
                    Integer.parseInt(lines.get(3).strip()),
                    ready));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Whether that process lives and is a server of this data folder, not a stranger that was given the number later. */
    boolean serves(Path data) {
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent()
                && worksIn(Path.of("/proc/" + pid), data);
    }

    /**
     * Whether any process works in this data folder. After a kill -9 of a server its children notice within moments, but as
     * long as one lives, another server must not start.
     */
    static boolean anyProcessIn(Path data) {
        Path proc = Path.of("/proc");
        if (!Files.isDirectory(proc)) {
            return false; // no such folder on macOS: the server's own check of its shared memory has to do
        }
        try (Stream<Path> processes = Files.list(proc)) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("\\d+"))
                    .anyMatch(process -> worksIn(process, data));
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean worksIn(Path process, Path data) {
        if (!Files.isDirectory(Path.of("/proc"))) {
            return true;
        }
        try {
            return Files.readSymbolicLink(process.resolve("cwd")).equals(data.toRealPath());
        } catch (IOException e) {
            return false; // ended meanwhile, or somebody else's
        }
    }
}
