package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Disk;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * A folder of this machine as a store. An object is written beside its place as {@code .partial}, synced, renamed, and its
 * folder synced, so that a crash leaves no object that looks whole. Everything belongs to this user alone.
 */
public final class FolderStore implements Store {
    private static final String PARTIAL = ObjectName.PARTIAL;
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** Too little for anything to fit: what a write that failed for want of room leaves. */
    private static final long FULL = 1 << 20;

    /** The folder of small objects that only say whether a store can be used. */
    public static final String CHECKS = "nightshift-check";

    private final Path root;
    private final FolderListing listing;
    private final String title;

    /**
     * Opens the folder; it is created if it is missing.
     *
     * @throws Failure.Fatal if it cannot be
     */
    public FolderStore(Path root) {
        this("backup folder", root);
    }

    /** The same with what people call it. */
    public FolderStore(String title, Path root) {
        this.root = root.toAbsolutePath().normalize();
        this.listing = new FolderListing(this.root);
        this.title = title + " (" + this.root + ")";
        try {
            Files.createDirectories(this.root, PRIVATE_FOLDER);
        } catch (IOException e) {
            throw new Failure.Fatal(
                    "The backup folder " + root + " cannot be used: " + e.getMessage() + ".",
                    "Create it and let the user that runs Nightshift own it.",
                    e);
        }
    }

    private Path path(String name) {
        return root.resolve(ObjectName.check(name));
    }

    @Override
    public Upload create(String name) {
        Path file = path(name);
        try {
            Files.createDirectories(file.getParent(), PRIVATE_FOLDER);
            return new Partial(name, file);
        } catch (IOException e) {
            throw unwritable(name, e);
        }
    }

    private final class Partial implements Upload {
        private final String name;
        private final Path file;
        private final Path partial;
        private final FileChannel channel;
        private boolean committed;

        Partial(String name, Path file) throws IOException {
            this.name = name;
            this.file = file;
            // Of its own: a node that was thought dead may write an object of the same name
            this.partial = file.resolveSibling(file.getFileName() + "."
                    + Long.toHexString(ThreadLocalRandom.current().nextLong()) + PARTIAL);
            this.channel = FileChannel.open(
                    partial, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), PRIVATE_FILE);
        }

        @Override
        public void write(byte[] bytes, int from, int count) {
            try {
                ByteBuffer buffer = ByteBuffer.wrap(bytes, from, count);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            } catch (IOException e) {
                throw unwritable(name, e);
            }
        }

        @Override
        public void commit() {
            commit(false);
        }

        /** @param other whether it takes the place of another one */
        void commit(boolean other) {
            try {
                channel.force(true);
                channel.close();
                if (other) {
                    if (!Files.exists(file)) {
                        throw missing(name);
                    }
                    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
                } else if (!putOnce()) {
                    syncFolders(); // whoever made it may not have come so far, and it counts from now on
                    throw new Failure.Conflict(
                            "The object " + name + " exists in " + root + "; stored objects never change.", null);
                }
                committed = true;
                syncFolders();
            } catch (IOException e) {
                throw unwritable(name, e);
            }
        }

        /**
         * Two may write one name at once, and a rename would replace the first one's object: a second name for the file does not,
         * where the file system has such.
         *
         * @return false if the object is there already
         */
        private boolean putOnce() throws IOException {
            if (Files.exists(file)) {
                return false;
            }
            try {
                Files.createLink(file, partial);
            } catch (FileAlreadyExistsException e) {
                return false;
            } catch (UnsupportedOperationException | FileSystemException e) {
                Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
                return true;
            }
            Files.deleteIfExists(partial);
            return true;
        }

        private void syncFolders() throws IOException {
            for (Path folder = file.getParent();
                    folder != null && folder.startsWith(root);
                    folder = folder.getParent()) {
                Disk.syncFolder(folder);
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
                if (!committed) {
                    Files.deleteIfExists(partial);
                }
            } catch (IOException e) {
                throw unwritable(name, e);
            }
        }
    }

    @Override
    public void replace(String name, byte[] bytes) {
        Path file = path(name);
        if (!Files.exists(file)) {
            throw missing(name);
        }
        try (Partial other = new Partial(name, file)) {
            other.write(bytes, 0, bytes.length);
            other.commit(true);
        } catch (IOException e) {
            throw unwritable(name, e);
        }
    }

    private Failure.NotFound missing(String name) {
        return new Failure.NotFound("The object " + name + " is not in " + root + ".");
    }

    @Override
    public InputStream read(String name) {
        try {
            return Files.newInputStream(path(name));
        } catch (NoSuchFileException e) {
            throw missing(name);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    @Override
    public List<Entry> list(String prefix) {
        int slash = prefix.lastIndexOf('/');
        Path from = slash < 0 ? root : path(prefix.substring(0, slash));
        if (!Files.isDirectory(from)) {
            if (!Files.exists(from) && !Files.notExists(from)) {
                throw unreadable(prefix, new AccessDeniedException(from.toString())); // nobody knows what is in it
            }
            return List.of();
        }
        try {
            return listing.entries(from, prefix);
        } catch (IOException e) {
            throw unreadable(prefix, e);
        }
    }

    @Override
    public OptionalLong size(String name) {
        try {
            var file = Files.readAttributes(path(name), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return file.isRegularFile() ? OptionalLong.of(file.size()) : OptionalLong.empty();
        } catch (NoSuchFileException e) {
            return OptionalLong.empty();
        } catch (IOException e) {
            // Not "there is none": a mount that hiccups must not make a backup look interrupted.
            throw unreadable(name, e);
        }
    }

    /**
     * Whether nothing lies in the folder but what checks and leases left: a store that was written once keeps its folders, so that this
     * is most likely the place where one should be mounted.
     *
     * @throws Failure.Retryable if it cannot be read
     */
    public boolean looksUnmounted() {
        try (Stream<Path> found = Files.list(root)) {
            return found.map(each -> each.getFileName().toString()).allMatch(FolderListing.OWN::contains);
        } catch (IOException e) {
            throw unreadable("", e);
        }
    }

    @Override
    public void delete(String name) {
        try {
            Files.deleteIfExists(path(name));
        } catch (IOException e) {
            throw unwritable(name, e);
        }
    }

    @Override
    public void deleteFolder(String folder) {
        Path from = path(folder);
        if (!Files.isDirectory(from)) {
            return;
        }
        try (Stream<Path> files = Files.walk(from)) {
            // What says that the rest is whole goes first: a deletion that is cut off must not leave a backup without
            // its objects
            Files.deleteIfExists(from.resolve(Manifest.NAME));
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw unwritable(folder, e);
        } catch (UncheckedIOException e) {
            throw unwritable(folder, Objects.requireNonNull(e.getCause()));
        }
    }

    @Override
    public List<String> folders(int depth) {
        try {
            return listing.folders(depth);
        } catch (IOException e) {
            throw unreadable("", e);
        }
    }

    @Override
    public OptionalLong freeBytes() {
        try {
            return OptionalLong.of(Files.getFileStore(root).getUsableSpace());
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** A full disk would only be filled again, and nobody has changed permissions in a minute; the rest may pass. */
    private Failure unwritable(String name, IOException e) {
        OptionalLong free = freeBytes();
        if (free.isPresent() && free.getAsLong() < FULL) {
            return new Failure.Fatal(
                    "The " + title + " is full: " + words(e) + ", " + new Bytes(free.getAsLong()) + " free.",
                    "Make room in the store or move it.",
                    e);
        }
        String what = "The " + title + " cannot be written: " + words(e) + " (" + name + ").";
        String remedy = "Check permissions and mount of the backup folder.";
        return e instanceof AccessDeniedException || isReadOnly()
                ? new Failure.Fatal(what, remedy, e)
                : new Failure.Retryable(what, remedy, e);
    }

    private boolean isReadOnly() {
        try {
            return Files.getFileStore(root).isReadOnly();
        } catch (IOException e) {
            return false;
        }
    }

    /** The system's words, without the path that stands in the message already. */
    private static String words(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "Permission denied";
        }
        return e instanceof FileSystemException file && file.getReason() != null
                ? file.getReason()
                : String.valueOf(e.getMessage());
    }

    private Failure unreadable(String name, IOException e) {
        return new Failure.Retryable(
                "The object " + name + " cannot be read from " + root + ": " + e.getMessage() + ".",
                "Check the disk and the permissions of the backup folder.",
                e);
    }

    /** The folder's path. */
    @Override
    public String toString() {
        return root.toString();
    }
}
