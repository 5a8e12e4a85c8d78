package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Sealed;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Disk;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a backup out as a cluster that stock PostgreSQL starts. The log comes first, the archives after it: the control
 * file is the last of the last archive, so that a restore which was cut off does not start. What failed is removed again.
 *
 * <p>While it works, each folder holds a mark that names who restores into it: nobody else can begin there, and the same
 * restore, begun again after a crash, clears away what is its own.
 */
final class Restoration {
    /** In each folder while the restore works. */
    static final String MARK = ".nightshift-restore";

    /** The backup itself; those before it are needed for its files only. */
    private final Sealed sealed;

    private final List<Sealed> chain;
    private final Destination destination;
    private final BackupProgress progress;
    private final @Nullable Recovery recovery;
    private @Nullable RecoveryEnd end;
    private final List<Path> roots = new ArrayList<>();
    private final List<Path> marked = new ArrayList<>();

    /**
     * Writes nothing yet.
     *
     * @param chain the full backup first, the one to restore last
     * @param recovery to replay more than the backup's own log; null for that alone
     */
    Restoration(List<Sealed> chain, Destination destination, @Nullable Recovery recovery, BackupProgress progress) {
        this.recovery = recovery;
        this.chain = List.copyOf(chain);
        this.sealed = chain.get(chain.size() - 1);
        this.destination = destination;
        this.progress = progress;
    }

    /** Answers where recovery will end; null if it replays the backup's own log. */
    @Nullable
    RecoveryEnd run(Consumer<@Nullable RecoveryEnd> whole) {
        prepare();
        boolean done = false;
        try {
            mark();
            writeFiles();
            syncFolders();
            whole.accept(end);
            done = true;
        } catch (DamageException e) {
            throw new Failure.Fatal(
                    "Backup " + sealed.manifest().backup() + " cannot be restored. " + e.getMessage() + ".",
                    "Use another backup, or another copy of this one.",
                    e);
        } catch (IOException e) {
            throw failed(e);
        } finally {
            if (!done) {
                clear();
            }
        }
        unmark();
        return end;
    }

    void finish() {
        findRoots();
        unmark();
    }

    private Failure.Retryable failed(IOException e) {
        return new Failure.Retryable(
                "The restore into " + destination.data() + " failed: " + e.getMessage() + ".",
                "Check free space and permissions of the folder.",
                e);
    }

    /** Every folder is checked before anything is written. */
    private void prepare() {
        findRoots();
        for (Path root : roots) {
            if (!isOurs(root)) {
                refuseUsed(root);
            }
        }
        roots.stream().filter(this::isOurs).forEach(this::clear);
        for (Path root : roots) {
            if (roots.stream().anyMatch(other -> other != root && other.startsWith(root))) {
                throw new Failure.Invalid("folder", "The folder " + root + " holds another one of the same restore.");
            }
        }
    }

    private void findRoots() {
        roots.add(destination.data());
        if (destination.log() != null) {
            roots.add(destination.log());
        }
        if (destination.configuration() != null) {
            roots.add(destination.configuration());
        }
        for (Manifest.Tablespace tablespace : sealed.manifest().tablespaces()) {
            Path place = destination.tablespaces().get(tablespace.oid());
            if (!tablespace.inPlace() && place == null) {
                throw new Failure.Invalid(
                        "tablespaces",
                        "The tablespace " + tablespace.oid() + ", at " + tablespace.location()
                                + " on the source, needs a folder.");
            }
            if (!tablespace.inPlace() && place != null) {
                roots.add(place.toAbsolutePath().normalize());
            }
        }
    }

    private static void refuseUsed(Path folder) {
        if (Files.exists(folder.resolve("postmaster.pid"), LinkOption.NOFOLLOW_LINKS)) {
            throw new Failure.Conflict(
                    "A PostgreSQL server runs in " + folder + ", or did when it crashed.",
                    "Give a new or empty folder; a restore never touches a cluster that is there.");
        }
        try {
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                try (Stream<Path> content = Files.list(folder)) {
                    if (content.findAny().isPresent()) {
                        throw new Failure.Conflict(
                                "The folder " + folder + " is not empty.",
                                "Give a new or empty folder; a restore never overwrites anything.");
                    }
                }
            }
        } catch (IOException e) {
            throw new Failure.Conflict(
                    "The folder " + folder + " cannot be used: " + e.getMessage() + ".", "Give a new or empty folder.");
        }
    }

    private boolean isOurs(Path root) {
        return isMarked(root, destination.mark());
    }

    static boolean isMarked(Path root, String mark) {
        try {
            return Files.readString(root.resolve(MARK)).equals(mark);
        } catch (IOException e) {
            return false; // there is none, or none that could be ours
        }
    }

    /** Only one can make the file: of two restores into one empty folder the second fails before it writes anything. */
    private void mark() throws IOException {
        for (Path root : roots) {
            Files.createDirectories(root, RestoredFiles.FOLDER);
            try (FileChannel mark = FileChannel.open(
                    root.resolve(MARK),
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    RestoredFiles.FILE)) {
                mark.write(ByteBuffer.wrap(destination.mark().getBytes(StandardCharsets.UTF_8)));
                mark.force(true);
            } catch (FileAlreadyExistsException e) {
                throw new Failure.Conflict(
                        "Another restore works in " + root + ".", "Give a new or empty folder to each restore.");
            }
            marked.add(root);
            Files.setPosixFilePermissions(root, RestoredFiles.FOLDER.value());
        }
    }

    /** The data folder last: as long as it has the mark, nothing of it counts. A folder that was not needed goes. */
    private void unmark() {
        try {
            for (int at = roots.size() - 1; at >= 0; at--) {
                Path root = roots.get(at);
                if (isOurs(root)) {
                    Files.delete(root.resolve(MARK));
                }
                if (root.equals(destination.configuration()) && Files.isDirectory(root) && isEmpty(root)) {
                    Files.delete(root);
                }
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** The names of all files: their content was synced one by one. */
    private void syncFolders() throws IOException {
        if (!destination.durable()) {
            return;
        }
        for (Path root : roots) {
            try (Stream<Path> all = Files.walk(root)) {
                for (Path folder : all.filter(each -> Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS))
                        .toList()) {
                    Disk.syncFolder(folder);
                }
            }
            Disk.syncFolder(root.getParent());
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> content = Files.list(folder)) {
            return content.findAny().isEmpty();
        }
    }

    /**
     * A restored copy that archives would write into the source's archive, one that subscribes would take the changes that
     * are the source's, one that follows a primary would hold its slot. Before the mark goes: a restore counts as done with
     * these lines only. pg_verifybackup leaves the file out of its comparison, as the server's manual says.
     */
    private void makeHarmless(RestoredFiles files) throws IOException {
        if (destination.configuration() != null) {
            files.append(destination.data().resolve("postgresql.auto.conf"), ServerConfiguration.HARMLESS);
            recoverToTarget(files);
        }
    }

    /** A standby goes on as one behind any target: what recovers to a point is none. */
    private void recoverToTarget(RestoredFiles files) throws IOException {
        RecoveryEnd known = end;
        if (known != null && recovery != null) {
            RecoveryPlan plan = recovery.plan();
            files.append(
                    destination.data().resolve("postgresql.auto.conf"),
                    RecoverySettings.of(
                            known.target(),
                            plan.history().timeline(),
                            plan.backup().timeline()));
            files.append(destination.data().resolve("recovery.signal"), "");
            Files.deleteIfExists(destination.data().resolve("standby.signal"));
        }
    }

    /** Debian's servers keep their configuration in /etc: the data folder alone does not start. */
    private void configure(RestoredFiles files) throws IOException {
        Path folder = destination.configuration();
        if (folder == null
                || (Files.exists(destination.data().resolve(ServerConfiguration.MAIN))
                        && Files.exists(destination.data().resolve(ServerConfiguration.HBA)))) {
            return;
        }
        for (var file : ServerConfiguration.files(sealed, folder).entrySet()) {
            files.append(folder.resolve(file.getKey()), file.getValue());
        }
    }

    private void writeFiles() throws IOException {
        try (RestoredFiles files = new RestoredFiles(destination.data(), destination.durable())) {
            write(files);
            makeHarmless(files);
            configure(files);
            files.sync();
        }
    }

    private void write(RestoredFiles files) throws IOException {
        Path log = destination.log();
        Path segments = log == null ? destination.data().resolve("pg_wal") : log;
        writeLog(segments, files);
        if (recovery != null) {
            end = new RecoveryFiles(recovery, segments, files::create, progress).write(sealed.manifest());
        }
        files.folder("pg_tblspc");
        for (Manifest.Tablespace tablespace : sealed.manifest().tablespaces()) {
            Path link = destination.data().resolve("pg_tblspc").resolve(tablespace.oid());
            Path place = destination.tablespaces().get(tablespace.oid());
            if (tablespace.inPlace() || place == null) {
                Files.createDirectory(link, RestoredFiles.FOLDER);
            } else {
                Files.createSymbolicLink(link, place.toAbsolutePath().normalize());
            }
        }
        progress.phase(BackupProgress.Phase.FILES);
        byte[] sent = sealed.bytes(ServerManifest.NAME);
        List<Layer> layers = Chain.layers(chain);
        ArchivePass.run(layers, files, progress);
        byte[] list = chain.size() == 1 ? sent : CombinedList.of(layers.get(layers.size() - 1), destination.data());
        try (FileTaker.Content content = files.file(ServerManifest.NAME)) {
            content.write(list, list.length);
        }
    }

    private void writeLog(Path folder, RestoredFiles files) throws IOException {
        progress.phase(BackupProgress.Phase.LOG);
        Files.createDirectories(folder, RestoredFiles.FOLDER);
        byte[] buffer = new byte[1 << 18];
        for (StoredObject object : sealed.manifest().objects(StoredObject.Kind.WAL)) {
            String name = ArchivePass.safe(object.name());
            Path file = folder.resolve(name.substring(name.lastIndexOf('/') + 1));
            try (InputStream in = sealed.open(object.stream());
                    FileTaker.Content content = files.create(file)) {
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    content.write(buffer, count);
                }
            }
        }
    }

    /** Marked folders were new or empty: everything in them is ours. */
    private void clear() {
        marked.forEach(this::clear);
    }

    /** The mark goes last: what is left of an unfinished clearing is still known as ours. */
    private void clear(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            Path mark = root.resolve(MARK);
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                if (!file.equals(mark) && !file.equals(root)) {
                    Files.delete(file);
                }
            }
            Files.deleteIfExists(mark);
            Files.deleteIfExists(root);
        } catch (IOException e) {
            progress.note("What was restored of the failed attempt could not be removed: " + e.getMessage());
        }
    }
}
