package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.ObjectName;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.opendal.OpenDALException;
import org.jspecify.annotations.Nullable;

/**
 * What takes objects out of a bucket: the login that deletes, where that is another one than the one that writes, and the versions
 * that the bucket keeps of what was deleted.
 */
public final class Deletions {
    /** For many requests. */
    private static final Duration LONG_PATIENCE = Duration.ofMinutes(30);

    private final RemoteStore store;
    private final RemoteStore.@Nullable Login login;

    /** Of S3 alone; null for the others, of whose versions nothing is known here. */
    private final @Nullable KeptVersions versions;

    /** Who does not say is not asked again for so long: each upload would wait for it. */
    private static final Duration ASKED_IN_VAIN = Duration.ofMinutes(5);

    private volatile @Nullable RemoteStore deleter;

    /** By the JVM's own clock; null if the last answer was one. */
    private volatile @Nullable Long askedInVain;

    /** @param login that deletes; null where the one that writes does */
    Deletions(RemoteStore store, boolean isS3, RemoteStore.@Nullable Login login) {
        this.store = store;
        this.login = login;
        this.versions = isS3 ? new KeptVersions(store.toString(), store::bucket, () -> by().bucket()) : null;
    }

    /** Opened when something is to be deleted, and not before. */
    private RemoteStore by() {
        RemoteStore.Login other = login;
        if (other == null) {
            return store;
        }
        RemoteStore before = deleter;
        if (before != null) {
            return before;
        }
        synchronized (this) {
            RemoteStore now = deleter;
            if (now == null) {
                now = store.by(other);
                deleter = now;
            }
            return now;
        }
    }

    /** Whether another login deletes here. */
    public boolean haveOwnLogin() {
        return login != null;
    }

    void delete(String name) {
        ObjectName.check(name);
        RemoteStore by = by();
        by.calls()
                .run("delete " + name, RemoteStore.PATIENCE, () -> by.operator().delete(name));
    }

    /** Whether the login that writes may delete as well; if so, the object is deleted. */
    public boolean areOpenToWriter(String name) {
        ObjectName.check(name);
        return store.calls().call("delete " + name, RemoteStore.PATIENCE, () -> {
            try {
                store.operator().delete(name);
                return true;
            } catch (OpenDALException e) {
                if (e.getCode() == OpenDALException.Code.PermissionDenied) {
                    return false;
                }
                throw e;
            }
        });
    }

    /**
     * Whether the login that writes may delete for good: tried with what says that an object is deleted, which no lock protects. If
     * so, the object is there again. Of a bucket that keeps no versions, false.
     *
     * @param name of an object that was deleted
     */
    public boolean areOpenToWriterForGood(String name) {
        ObjectName.check(name);
        return keepsVersions() && versions().unhides(name);
    }

    void deleteFolder(String folder) {
        // What says that the rest is whole goes first: a deletion that is cut off must not leave a backup without its
        // objects. Where versions are kept, a deletion of what is not there would add to them
        String manifest = folder + "/" + Manifest.NAME;
        if (store.size(manifest).isPresent()) {
            delete(manifest);
        }
        RemoteStore by = by();
        by.calls().run("delete " + folder, LONG_PATIENCE, () -> by.operator().removeAll(folder + "/"));
        purge(folder + "/", name -> true);
    }

    void purge(String begin, Predicate<String> which) {
        if (keepsVersions()) {
            versions().purge(begin, which);
        }
    }

    /** Whether the bucket was seen to keep versions of what is deleted. */
    boolean keepsVersions() {
        return versions != null && versions.kept();
    }

    /** Of a bucket that {@linkplain #keepsVersions keeps} them. */
    KeptVersions versions() {
        return Objects.requireNonNull(versions);
    }

    Optional<Store.Doubt> doubt() {
        return versions == null ? Optional.empty() : versions.doubt();
    }

    /** Whether the bucket keeps versions, or does not say: its server may take an object twice there although it is asked not to. */
    boolean mayKeepVersions() {
        Long before = askedInVain;
        if (before != null && System.nanoTime() - before < ASKED_IN_VAIN.toNanos()) {
            return true;
        }
        try {
            boolean may = keepsVersions() || doubt().map(doubt -> !doubt.none()).orElse(false);
            askedInVain = null;
            return may;
        } catch (Failure e) {
            // A refusal too: it says nothing of versions, and what is written may be let in all the same
            askedInVain = System.nanoTime();
            return true;
        }
    }

    /** Whether it is of a kind that can be asked for {@link #bucketLock}. */
    public boolean canLock() {
        return versions != null;
    }

    /**
     * What the bucket does by itself to each object that is stored in it, measured now.
     *
     * @throws Failure.Skippable if the service does not answer it, or not to this login
     */
    public BucketLock bucketLock() {
        if (versions != null) {
            versions.renew();
        }
        try {
            return store.bucket().lock();
        } catch (S3Bucket.Unanswered e) {
            throw new Failure.Skippable(
                    "The " + store + " does not say whether it locks what is stored: " + e.getMessage() + ".",
                    "Let its login have s3:GetBucketObjectLockConfiguration, if it is a service that locks objects.",
                    null);
        }
    }

    /** What was opened. */
    void close() {
        RemoteStore by = deleter;
        if (by != null) {
            by.close();
        }
    }
}
