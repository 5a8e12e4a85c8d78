package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A restored file that takes the changes of a later backup. */
final class ChangedFile implements FileTaker.Blocks {
    private final FileChannel channel;
    private final Finish finish;

    /** What becomes of the file when all changes are in it; it closes it. */
    @FunctionalInterface
    interface Finish {
        void of(FileChannel written) throws IOException;
    }

    /** @throws DamageException if there is no such file */
    ChangedFile(Path file, Finish finish) throws IOException {
        this.finish = finish;
        try {
            this.channel = FileChannel.open(file, StandardOpenOption.WRITE);
        } catch (NoSuchFileException e) {
            throw new DamageException("The file " + file.getFileName() + " is changed, but was in no backup before", e);
        }
    }

    @Override
    public void length(int keep, int blocks) throws IOException {
        long kept = keep * (long) IncrementalFile.BLOCK;
        if (channel.size() > kept) {
            channel.truncate(kept);
        }
        long whole = blocks * (long) IncrementalFile.BLOCK;
        if (channel.size() < whole) {
            channel.write(ByteBuffer.allocate(1), whole - 1); // what lies between reads as zeros
        }
    }

    @Override
    public void write(long at, byte[] bytes, int from, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, from, count);
        while (buffer.hasRemaining()) {
            channel.write(buffer, at + buffer.position() - from);
        }
    }

    @Override
    public void close() throws IOException {
        finish.of(channel);
    }
}
