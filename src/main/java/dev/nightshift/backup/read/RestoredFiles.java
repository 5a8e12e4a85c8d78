package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The files of a restored cluster, for their owner alone. Where they are to survive a power cut they are brought to the disk
 * beside the writing of the next ones: none counts before {@link #sync}.
 */
final class RestoredFiles implements FileTaker, Closeable {
    static final FileAttribute<Set<PosixFilePermission>> FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    static final FileAttribute<Set<PosixFilePermission>> FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** Without it no server starts, so it comes to the disk when all before it is there. */
    private static final String CONTROL = "global/pg_control";

    private final Path data;
    private final boolean durable;
    private final SyncedFiles synced = new SyncedFiles();

    /** @param durable false for files that nobody misses after a power cut */
    RestoredFiles(Path data, boolean durable) {
        this.data = data;
        this.durable = durable;
    }

    @Override
    public void folder(String path) throws IOException {
        Path folder = data.resolve(path);
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder, FOLDER);
        }
    }

    @Override
    public Content file(String path) throws IOException {
        if (path.equals(CONTROL)) {
            sync();
        }
        return create(data.resolve(path));
    }

    @Override
    public Blocks change(String path) throws IOException {
        return new ChangedFile(data.resolve(path), this::finish);
    }

    /** A file anywhere, which must not be there yet. */
    Content create(Path file) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), FILE);
        } catch (FileAlreadyExistsException e) {
            throw new DamageException("The backup holds the file " + file.getFileName() + " twice", e);
        }
        return new Content() {
            @Override
            public void write(byte[] bytes, int count) throws IOException {
                ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, count);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }

            @Override
            public void close() throws IOException {
                finish(channel);
            }
        };
    }

    /** A text at the end of a file anywhere, which is made if need be. */
    void append(Path file, String text) throws IOException {
        FileChannel channel = FileChannel.open(
                file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND), FILE);
        try {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } finally {
            finish(channel);
        }
    }

    private void finish(FileChannel channel) throws IOException {
        if (durable) {
            synced.add(channel);
        } else {
            channel.close();
        }
    }

    /** Returns when every file written so far is on the disk, if they are to be. */
    void sync() throws IOException {
        synced.await();
    }

    /** Leaves no file open. */
    @Override
    public void close() {
        synced.close();
    }
}
