package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How much a restore reads and writes, by the servers' lists of files.
 *
 * @param read bytes of the files of all backups of the chain, as the servers listed them
 * @param files bytes that the cluster's files take, each in whole blocks of 4 kB. A file that is laid together of a chain is counted
 *     as if all that was sent of it lay behind what was there: it takes that much at most
 * @param log bytes of the segments beside them: the backup's own and the archived ones, at most where a point is found only when the
 *     log is read
 * @param knownLog the same, without archived segments where nobody knows yet how many are needed
 */
public record RestoreSize(long read, long files, long log, long knownLog) {
    /** What common file systems give a file at least. */
    private static final long BLOCK = 4096;

    /**
     * What the servers' lists add up to; of a backup that is stored it never changes.
     *
     * @param read as {@link RestoreSize#read}
     * @param files as {@link RestoreSize#files}
     */
    public record Listed(long read, long files) {
        /**
         * Reads the lists of the chain, the newest first, and keeps of each only what is laid together of older ones.
         *
         * @throws Failure.Fatal if the list of a backup of the chain cannot be read
         * @throws Failure.Retryable if the store cannot be read now
         */
        public static Listed of(BackupReader reader) {
            Sums sums = new Sums();
            reader.lists(sums::add);
            return sums.listed();
        }
    }

    /** The lists of a chain, added up from the newest to the oldest. */
    private static final class Sums {
        private long read;
        private long files;
        private boolean begun;

        /** Files of which only changes were found yet: what was sent of them. */
        private Map<String, Long> open = new HashMap<>();

        void add(Layer layer) {
            read += layer.bytes();
            var listed = layer.list().files();
            if (begun) {
                older(listed);
            } else {
                newest(listed);
                begun = true;
            }
        }

        private void newest(Map<String, ServerManifest.Listed> listed) {
            listed.forEach((path, file) -> {
                String changed = Layering.changed(path);
                if (changed == null) {
                    files += onDisk(file.bytes());
                } else if (!Layering.isMap(changed)) { // maps are emptied
                    open.put(changed, file.bytes());
                }
            });
        }

        private void older(Map<String, ServerManifest.Listed> listed) {
            Map<String, Long> still = new HashMap<>();
            open.forEach((path, sent) -> {
                ServerManifest.Listed whole = listed.get(path);
                ServerManifest.Listed change = listed.get(Layering.incremental(path));
                if (whole != null || change == null) {
                    files += onDisk(sent + (whole == null ? 0 : whole.bytes()));
                } else {
                    still.put(path, sent + change.bytes());
                }
            });
            open = still;
        }

        Listed listed() {
            return new Listed(
                    read,
                    files
                            + open.values().stream()
                                    .mapToLong(RestoreSize::onDisk)
                                    .sum());
        }
    }

    /**
     * Of a backup with the log that leads to a point, or without.
     *
     * @throws Failure.Fatal if the list of a backup of the chain cannot be read
     * @throws Failure.Retryable if the store cannot be read now
     */
    public static RestoreSize of(BackupReader reader, @Nullable Recovery recovery) {
        return of(Listed.of(reader), reader.manifest(), recovery);
    }

    /** The same, of lists that were read before. */
    public static RestoreSize of(Listed listed, Manifest manifest, @Nullable Recovery recovery) {
        int segment = manifest.source().walSegmentBytes();
        Set<String> segments = new HashSet<>();
        for (StoredObject object : manifest.objects(StoredObject.Kind.WAL)) {
            if (!object.name().endsWith(".history")) {
                segments.add(object.name().substring(object.name().lastIndexOf('/') + 1));
            }
        }
        long own = Math.multiplyExact((long) segment, segments.size());
        boolean known = true;
        if (recovery != null) {
            recovery.plan().archived().forEach(each -> segments.add(each.name(segment)));
            known = recovery.plan().point() instanceof RecoveryTarget.Position
                    || recovery.plan().point() instanceof RecoveryTarget.Latest;
        }
        long log = Math.multiplyExact((long) segment, segments.size());
        return new RestoreSize(listed.read(), listed.files(), log, known ? log : own);
    }

    private static long onDisk(long bytes) {
        return (bytes + BLOCK - 1) / BLOCK * BLOCK;
    }

    /** What it takes at most. */
    public long room() {
        return files + log;
    }

    /** What has to be free before it begins: to a time the log may be much shorter than all that is stored behind the backup. */
    long required() {
        return files + knownLog;
    }

    /**
     * Lets pass a destination whose file system has this much room. What an earlier attempt of the same restore left there counts as
     * free: it is cleared away first.
     *
     * @throws Failure.Skippable naming the folder, what is needed and what is free
     */
    public void require(Destination destination) {
        require(destination, RestoreSize::free);
    }

    /** @param free bytes of the file system that an existing folder lies on */
    void require(Destination destination, ToLongFunction<Path> free) {
        Path folder = destination.data();
        while (!Files.isDirectory(folder)) {
            Path parent = folder.getParent();
            if (parent == null) {
                return; // the root folder exists
            }
            folder = parent;
        }
        long usable = free.applyAsLong(folder) + leftBehind(destination);
        if (usable < required()) {
            throw new Failure.Skippable(
                    "The restored cluster takes up to " + new Bytes(required()) + " (" + required()
                            + " bytes), and where " + destination.data() + " would lie " + new Bytes(usable) + " ("
                            + usable + ") are free.",
                    "Make room, or give a folder where there is more. Of incremental backups it takes less where they"
                            + " changed the same blocks, and where the file system compresses: acceptLittleRoom begins then.",
                    null);
        }
    }

    private static long free(Path folder) {
        try {
            return Files.getFileStore(folder).getUsableSpace();
        } catch (IOException e) {
            throw new Failure.Retryable("The folder " + folder + " cannot be used: " + e.getMessage() + ".", null, e);
        }
    }

    /** In the folders that still have this restore's mark. Tablespaces go beside the data folder. */
    private static long leftBehind(Destination destination) {
        return Stream.concat(Stream.of(destination.data()), destination.tablespaces().values().stream())
                .filter(root -> Restoration.isMarked(root, destination.mark()))
                .mapToLong(RestoreSize::size)
                .sum();
    }

    private static long size(Path root) {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        } catch (IOException e) {
            return 0; // then it counts as full
        }
    }
}
