package dev.nightshift.kernel;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** What makes files survive a power cut. */
public final class Disk {
    private Disk() {}

    /**
     * Brings a folder's list of names to the disk; the content of a new file is lost without its name.
     *
     * @param folder null, as the parent of the root, for nothing to do
     */
    public static void syncFolder(@Nullable Path folder) throws IOException {
        if (folder == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
