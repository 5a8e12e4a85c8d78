package dev.nightshift.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * A backup folder that holds so much and no more, and that can be made read-only for root too: a file system in memory,
 * mounted where only one Nightshift sees it. It takes no privilege but namespaces of one's own, which sandboxes need too.
 *
 * @param folder an empty one
 */
public record SmallStore(Path folder, int megabytes) {
    /** What has to stand before a command so that it sees the store in the folder. */
    public List<String> command() {
        return List.of(
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                "mount -t tmpfs -o size=" + megabytes + "m,mode=700 store \"$0\" && exec \"$@\"",
                folder.toString());
    }

    /** Changes how it is mounted: {@code ro}, {@code rw}. */
    public void remount(ProcessHandle inside, String option) throws IOException {
        Processes.run(
                        Duration.ofSeconds(10),
                        List.of(
                                "nsenter",
                                "--target=" + inside.pid(),
                                "--user",
                                "--mount",
                                "--preserve-credentials",
                                "mount",
                                "-o",
                                "remount," + option,
                                folder.toString()))
                .succeeded();
    }

    /** Every file in it, as relative paths. */
    public List<String> files(ProcessHandle inside) {
        Path seen = Path.of("/proc/" + inside.pid() + "/root" + folder);
        try (Stream<Path> files = Files.walk(seen)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> seen.relativize(file).toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
