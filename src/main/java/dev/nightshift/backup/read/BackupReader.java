package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Sealed;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.BackupKeys;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stored backup, opened with its project's keys: verify it, or write it out as a cluster. One that holds changes only is
 * verified and written out with those that it needs.
 */
public final class BackupReader {
    private static final int DEPTH = 3;

    private final Sealed sealed;
    private final Store store;
    private final String folder;
    private final BackupKeys keys;
    private @Nullable List<Sealed> chain;

    private BackupReader(Sealed sealed, Store store, String folder, BackupKeys keys) {
        this.sealed = sealed;
        this.store = store;
        this.folder = folder;
        this.keys = keys;
    }

    /**
     * Reads the manifest and checks that it was written with these keys and not changed since.
     *
     * @param folder of the backup in the store; empty if the store is the backup's folder itself
     * @throws Failure.NotFound if there is no manifest: what was interrupted is no backup
     * @throws Failure.Fatal if the manifest was changed, is of a newer version, or needs other keys
     */
    public static BackupReader open(Store store, String folder, BackupKeys keys) {
        return new BackupReader(Sealed.open(store, folder, keys), store, folder, keys);
    }

    /** The folders of the store that hold a whole backup, sorted: what a catalogue is rebuilt from. */
    public static List<String> folders(Store store) {
        return store.folders(DEPTH).stream()
                .filter(folder -> store.size(folder + "/" + Manifest.NAME).isPresent())
                .toList();
    }

    /** A manifest without a key, and so without knowing who wrote it: for lists, never for decisions. */
    public static Manifest peek(Store store, String folder) {
        return Sealed.peek(store, folder);
    }

    public Manifest manifest() {
        return sealed.manifest();
    }

    private List<Sealed> layers() throws DamageException {
        List<Sealed> known = chain;
        if (known == null) {
            known = Chain.of(sealed, store, folder, keys);
            chain = known;
        }
        return known;
    }

    /**
     * The backups that this one is made of: the full one first, itself last; a full one stands alone.
     *
     * @throws Failure.Fatal if one is missing, cannot be opened, or is none that this one can be built on
     * @throws Failure.Retryable if the store cannot be read now
     */
    public List<Manifest> chain() {
        try {
            return layers().stream().map(Sealed::manifest).toList();
        } catch (DamageException e) {
            throw broken(e);
        }
    }

    /** Hands over the servers' lists of files, the newest backup's first, and holds one at a time: it may name a million. */
    void lists(Consumer<Layer> taken) {
        try {
            List<Sealed> all = layers();
            for (int at = all.size() - 1; at >= 0; at--) {
                taken.accept(Chain.layer(all.get(at), sealed));
            }
        } catch (DamageException e) {
            throw broken(e);
        }
    }

    /**
     * The server's list of the files it sent, checked against its own checksum: what a server needs to know to send only
     * what changed since.
     *
     * @throws Failure.Fatal if it cannot be read
     */
    public byte[] fileList() {
        byte[] list = small(ServerManifest.NAME);
        try {
            ServerManifest.parse(list);
        } catch (DamageException e) {
            throw broken(e);
        }
        return list;
    }

    private Failure.Fatal broken(DamageException e) {
        return new Failure.Fatal(
                "Backup " + manifest().backup() + " cannot be used. " + e.getMessage() + ".",
                "Use another backup, or another copy of this one.",
                e);
    }

    /**
     * A setting that the source was given, as it was saved beside the data: empty if it was not, or has its default.
     *
     * @throws Failure.Fatal if what was saved cannot be read
     */
    public Optional<String> setting(String name) {
        try {
            return ServerConfiguration.setting(sealed, name);
        } catch (IOException e) {
            throw new Failure.Fatal(
                    "The settings saved with the backup cannot be read: " + e.getMessage() + ".", null, e);
        }
    }

    /**
     * Verifies from the lowest level up to this one and stops at the first damage.
     *
     * @param upTo {@link ProofLevel#READABLE} at most; the levels above need a server
     * @throws Failure.Retryable if the store cannot be read now, which says nothing about the backup
     */
    public Verification verify(ProofLevel upTo, BackupProgress progress) {
        if (upTo.compareTo(ProofLevel.READABLE) > 0) {
            throw new IllegalArgumentException("Verifying without a server ends at READABLE.");
        }
        long began = System.nanoTime();
        ProofLevel reached = null;
        ArchivePass.Sum files = new ArchivePass.Sum(0, 0);
        LogWalk walk = null;
        String damage = null;
        try {
            List<Sealed> all = layers();
            each(all, ObjectChecks::stored);
            reached = ProofLevel.STORED;
            if (upTo.compareTo(ProofLevel.INTACT) >= 0) {
                progress.phase(BackupProgress.Phase.HASH);
                long total = all.stream()
                        .flatMap(one -> one.manifest().objects().stream())
                        .mapToLong(StoredObject::bytes)
                        .sum();
                long[] done = {0};
                each(all, one -> ObjectChecks.intact(one, done, total, progress));
                reached = ProofLevel.INTACT;
            }
            if (upTo == ProofLevel.READABLE && manifest().dump() != null) {
                progress.phase(BackupProgress.Phase.FILES);
                files = new ArchivePass.Sum(1, StoredDump.readable(sealed, progress));
                small(sealed);
                reached = ProofLevel.READABLE;
            } else if (upTo == ProofLevel.READABLE) {
                progress.phase(BackupProgress.Phase.FILES);
                files = ArchivePass.run(Chain.layers(all), FileTaker.NOWHERE, progress);
                each(all, BackupReader::small);
                progress.phase(BackupProgress.Phase.RECORDS);
                walk = log();
                Lsn expected = manifest().position().expected();
                if (walk.reached().compareTo(expected) < 0) {
                    throw new DamageException("The log reaches only " + walk.reached() + " instead of " + expected
                            + ", because " + walk.end());
                }
                reached = ProofLevel.READABLE;
            }
        } catch (DamageException e) {
            damage = String.valueOf(e.getMessage());
        } catch (IOException e) {
            throw new Failure.Retryable(
                    "The backup " + manifest().backup() + " cannot be read from " + sealed.store() + ": "
                            + e.getMessage() + ".",
                    "Check the store.",
                    e);
        }
        return new Verification(
                reached, damage, files.files(), files.bytes(), walk, Duration.ofNanos(System.nanoTime() - began));
    }

    /** Something that every backup of a chain has to pass. */
    private interface Check {
        void run(Sealed one) throws IOException;
    }

    private void each(List<Sealed> all, Check check) throws IOException {
        for (Sealed one : all) {
            try {
                check.run(one);
            } catch (DamageException e) {
                throw Chain.named(e, one, sealed);
            }
        }
    }

    /** Everything beside archives and log can be read. */
    private static void small(Sealed sealed) throws IOException {
        for (var kind : List.of(StoredObject.Kind.SETTINGS, StoredObject.Kind.EVIDENCE)) {
            for (StoredObject object : sealed.manifest().objects(kind)) {
                sealed.bytes(object.stream());
            }
        }
    }

    /**
     * The evidence of rows, a file for each database; none if the backup was taken without.
     *
     * @throws Failure.Fatal if it cannot be read
     */
    public List<byte[]> evidence() {
        return manifest().objects(StoredObject.Kind.EVIDENCE).stream()
                .map(object -> small(object.stream()))
                .toList();
    }

    /**
     * Tablespaces that the source created while its log was stored. The first start of a restored cluster replays that: it
     * makes these folders, by their paths on the source, and overwrites what it finds in them.
     *
     * @throws Failure.Fatal if the log cannot be read
     */
    public List<LogWalk.TablespaceCreated> tablespacesInLog() {
        try {
            return log().outside();
        } catch (IOException e) {
            throw new Failure.Fatal("The stored log cannot be read. " + e.getMessage(), null, e);
        }
    }

    /** One stream over all segments; they follow each other without a gap, or the log has a hole. */
    private LogWalk log() throws IOException {
        Manifest.Source source = manifest().source();
        List<StoredObject> segments = manifest().objects(StoredObject.Kind.WAL).stream()
                .filter(object -> !object.name().endsWith(".history"))
                .toList();
        Lsn at = manifest().position().start().segmentStart(source.walSegmentBytes());
        Lsn start = manifest().position().start();
        for (StoredObject segment : segments) {
            String name = "wal/" + at.segmentName(source.timeline(), source.walSegmentBytes());
            if (!segment.name().equals(name)) {
                throw new DamageException(
                        "The log has a hole: " + segment.name() + " stands where " + name + " should");
            }
            at = at.plus(source.walSegmentBytes());
        }
        try (InputStream in = new BufferedInputStream(sealed.open(segments), 1 << 18)) {
            return new LogWalker(in, source.systemIdentifier(), source.timeline(), source.walSegmentBytes(), start)
                    .walk();
        }
    }

    /**
     * Writes the cluster out, every file compared with the server's list on the way. It starts with stock PostgreSQL as
     * after a crash; it needs recovery.signal and a target to come further than the backup's stop position.
     *
     * @throws Failure.Conflict if a folder is not empty or a server runs in it; nothing was touched
     * @throws Failure.Invalid if a tablespace has no folder, or folders lie in each other
     * @throws Failure.Fatal if the backup is damaged, naming the object and file; what was written is removed again
     * @throws Failure.Retryable if the folder or the store failed; what was written is removed again
     */
    public void materialise(Destination destination, BackupProgress progress) {
        materialise(destination, progress, () -> {});
    }

    /**
     * Writes the cluster out with the log that leads to a point, and with what makes the server stop there and become one of
     * its own when it is started; a sandbox, which is told by its command line, gets the log only.
     *
     * @param recovery planned for this backup
     * @param whole as below; told where recovery will end
     * @throws Failure.Fatal also if the server would not come to the point: it is not in the log, or log is missing or
     *     damaged; what was written is removed again
     */
    public RecoveryEnd materialise(
            Destination destination, Recovery recovery, BackupProgress progress, Consumer<RecoveryEnd> whole) {
        requireOurs(recovery);
        RecoveryEnd end =
                restoration(destination, recovery, progress).run(known -> whole.accept(Objects.requireNonNull(known)));
        return Objects.requireNonNull(end);
    }

    /** The log of a recovery that was planned for this backup. */
    public ReplayedLog replayed(Recovery recovery) {
        requireOurs(recovery);
        return new ReplayedLog(sealed, recovery);
    }

    private void requireOurs(Recovery recovery) {
        if (!recovery.plan().backup().backup().equals(manifest().backup())) {
            throw new IllegalArgumentException("The recovery was planned for another backup.");
        }
    }

    /**
     * The same, for a restore that may be begun again after a crash.
     *
     * @param whole told when everything is on the disk, before the folders' marks go: after a crash from here on {@link
     *     #finish} is what is left to do
     */
    public void materialise(Destination destination, BackupProgress progress, Runnable whole) {
        restoration(destination, null, progress).run(end -> whole.run());
    }

    private Restoration restoration(Destination destination, @Nullable Recovery recovery, BackupProgress progress) {
        if (manifest().dump() != null) {
            throw new Failure.Fatal(
                    "Backup " + manifest().backup() + " is "
                            + manifest().lineage().kind().word() + ": it holds one database, and no cluster.",
                    "Restore it into a new database of a server.",
                    null);
        }
        try {
            return new Restoration(layers(), destination, recovery, progress);
        } catch (DamageException e) {
            throw broken(e);
        }
    }

    /**
     * Takes this restore's marks away, as far as they are there, from folders that are written whole.
     *
     * @throws Failure.Retryable if the folder failed
     */
    public void finish(Destination destination) {
        new Restoration(List.of(sealed), destination, null, BackupProgress.NONE).finish();
    }

    /**
     * What the files of a cluster that was written come to, by the list that lies with them.
     *
     * @throws Failure.Retryable if the list cannot be read
     */
    public static long bytes(Destination destination) {
        try {
            byte[] list = Files.readAllBytes(destination.data().resolve(ServerManifest.NAME));
            return ServerManifest.parse(list).files().values().stream()
                    .mapToLong(ServerManifest.Listed::bytes)
                    .sum();
        } catch (IOException e) {
            throw new Failure.Retryable("The list of the restored files cannot be read. " + e.getMessage(), null, e);
        }
    }

    /**
     * What pg_dump wrote, in its custom format: for a program that reads it from its standard input. Reading it throws {@link
     * DamageException} where it is not what was stored.
     *
     * @throws Failure.Fatal if the backup is a physical one
     */
    public InputStream dump() {
        try {
            return StoredDump.open(sealed);
        } catch (DamageException e) {
            throw broken(e);
        }
    }

    /** A saved settings file's content; null if it was not saved. */
    public byte @Nullable [] settings(String name) {
        String stream = "settings/" + name;
        if (manifest().stream(stream).isEmpty()) {
            return null;
        }
        return small(stream);
    }

    private byte[] small(String stream) {
        try {
            return sealed.bytes(stream);
        } catch (IOException e) {
            throw new Failure.Fatal("The saved file " + stream + " cannot be read. " + e.getMessage(), null, e);
        }
    }

    Sealed sealed() {
        return sealed;
    }
}
