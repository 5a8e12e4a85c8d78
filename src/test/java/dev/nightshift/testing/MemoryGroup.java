package dev.nightshift.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * A control group of the kernel for memory, of version 1 or 2: what its processes hold together, and a limit over which the kernel
 * ends one of them. Needs root, or a group that was handed over.
 */
public final class MemoryGroup implements AutoCloseable {
    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final Path OLD_ROOT = ROOT.resolve("memory");

    private final Path folder;
    private final boolean old;

    private MemoryGroup(Path folder, boolean old) {
        this.folder = folder;
        this.old = old;
    }

    /** An empty one, beside all others. */
    public static MemoryGroup create(String name) {
        boolean old = Files.isDirectory(OLD_ROOT);
        try {
            Path root = old ? OLD_ROOT : ROOT;
            return new MemoryGroup(
                    Files.createDirectory(
                            root.resolve(name + "-" + ProcessHandle.current().pid())),
                    old);
        } catch (IOException e) {
            throw new UncheckedIOException("No control group for memory can be made: run it as root.", e);
        }
    }

    /** What has to stand before a command so that it, and what it starts, belongs to the group. */
    public List<String> command() {
        return List.of(
                "sh",
                "-c",
                "echo $$ > \"$0\" && exec \"$@\"",
                folder.resolve("cgroup.procs").toString());
    }

    /** Bytes that the processes hold for themselves: not what the kernel keeps of files, which it gives up when it has to. */
    public long held() {
        List<String> counted = old ? List.of("total_rss ", "total_shmem ") : List.of("anon ", "shmem ");
        try (Stream<String> lines = Files.lines(folder.resolve("memory.stat"))) {
            return lines.filter(line -> counted.stream().anyMatch(line::startsWith))
                    .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** From now on, all that is counted, files and the kernel's own included. */
    public void limit(long bytes) {
        try {
            Files.writeString(folder.resolve(old ? "memory.limit_in_bytes" : "memory.max"), Long.toString(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many processes the kernel ended because of the limit. */
    public long ended() {
        try (Stream<String> lines = Files.lines(folder.resolve(old ? "memory.oom_control" : "memory.events"))) {
            return lines.filter(line -> line.startsWith("oom_kill "))
                    .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends what still runs in it. */
    @Override
    public void close() {
        Eventually.isTrue("an empty control group", Duration.ofSeconds(30), () -> {
            try (Stream<String> processes = Files.lines(folder.resolve("cgroup.procs"))) {
                List<Long> left = processes.map(Long::valueOf).toList();
                left.forEach(process -> ProcessHandle.of(process).ifPresent(Processes::kill));
                return left.isEmpty() && Files.deleteIfExists(folder);
            } catch (IOException e) {
                return false; // the kernel counts one that has just ended
            }
        });
    }
}
