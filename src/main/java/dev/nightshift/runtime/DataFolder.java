package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** The data folder, taken by one launcher at a time; the operating system gives it back when that one ends, however it ends. */
final class DataFolder implements AutoCloseable {
    private final FileChannel channel;

    private DataFolder(FileChannel channel) {
        this.channel = channel;
    }

    /** @throws Failure.Invalid naming NIGHTSHIFT_DATA, if the folder cannot be written to or another launcher has it */
    static DataFolder take(Path data) {
        try {
            Path run = Files.createDirectories(data.resolve("run"));
            FileChannel channel =
                    FileChannel.open(run.resolve("launcher.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (lock(channel) == null) {
                channel.close();
                throw new Failure.Invalid(
                        "NIGHTSHIFT_DATA",
                        "Another Nightshift runs on the data folder " + data
                                + ". Stop it, or choose another folder with NIGHTSHIFT_DATA.");
            }
            return new DataFolder(channel);
        } catch (IOException e) {
            throw new Failure.Invalid(
                    "NIGHTSHIFT_DATA",
                    "The data folder " + data + " cannot be written to (" + e.getMessage()
                            + "). Choose another one with NIGHTSHIFT_DATA.");
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // this very process has it
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
