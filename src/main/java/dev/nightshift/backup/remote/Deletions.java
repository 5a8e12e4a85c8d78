package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.ObjectName;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.opendal.OpenDALException;
import org.jspecify.annotations.Nullable;

/**
 * What takes objects out of a bucket: the login that deletes, where that is another one than the one that writes, the versions
 * that the bucket keeps of what was deleted, and the locks that refuse it.
 */
public final class Deletions {
    /** For many requests. */
    private static final Duration LONG_PATIENCE = Duration.ofMinutes(30);

    /** One after the other, of names in the order in which they were stored: those behind them are locked as well. */
    private static final int MOST_REFUSED = 100;

    private static final String AFTER_THAT = "It can be deleted after that.";

    private final RemoteStore store;
    private final RemoteStore.@Nullable Login login;

    /** Of S3 alone; null for the others, of whose versions nothing is known here. */
    private final @Nullable KeptVersions versions;

    /** Of the others. */
    private final @Nullable ObjectLocks locks;

    /** Who does not say is not asked again for so long: each upload would wait for it. */
    private static final Duration ASKED_IN_VAIN = Duration.ofMinutes(5);

    private volatile @Nullable RemoteStore deleter;

    /** Whether the service has said once what is locked. */
    private volatile boolean answered;

    /** By the JVM's own clock; null if the last answer was one. */
    private volatile @Nullable Long askedInVain;

    /** @param login that deletes; null where the one that writes does */
    Deletions(RemoteStore store, RemoteAddress.Provider provider, RemoteStore.@Nullable Login login) {
        this.store = store;
        this.login = login;
        this.versions = provider == RemoteAddress.Provider.S3
                ? new KeptVersions(store.toString(), store::bucket, () -> by().bucket())
                : null;
        this.locks = switch (provider) {
            case S3 -> null;
            case GCS -> new GoogleBucket(store.toString(), store::settings);
            case AZBLOB -> new AzureContainer(store.toString(), store::settings);
        };
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

    void deleteUnlocked(List<String> names) {
        Map<String, Store.Lock> kept = null;
        int refused = 0;
        for (String name : names) {
            if (kept != null && kept.containsKey(name)) {
                continue;
            }
            try {
                delete(name);
                refused = 0;
            } catch (Failure.Unusable e) {
                if (locks == null || locks.isOfLogin(e)) {
                    throw e;
                }
                if (locks.named(e).isPresent()) {
                    // None of them shows what locks it: each has to be tried, until those that follow are younger
                    if (++refused == MOST_REFUSED) {
                        return;
                    }
                    continue;
                }
                kept = kept == null ? locked(common(names), e) : kept;
                if (!kept.containsKey(name)) {
                    delete(name); // its lock may have ended after the refusal
                }
            }
        }
    }

    /** @throws Failure.Unusable the refusal, if the service does not say now what is locked */
    private Map<String, Store.Lock> locked(String begin, Failure.Unusable refused) {
        try {
            return locked(begin);
        } catch (Failure e) {
            refused.addSuppressed(e);
            throw refused;
        }
    }

    /** What all of them begin with. */
    private static String common(List<String> names) {
        String begin = names.get(0);
        for (String name : names) {
            int same = 0;
            while (same < Math.min(begin.length(), name.length()) && begin.charAt(same) == name.charAt(same)) {
                same++;
            }
            begin = begin.substring(0, same);
        }
        return begin;
    }

    private Map<String, Store.Lock> locked(String begin) {
        if (locks == null) {
            return Map.of();
        }
        try {
            Map<String, Store.Lock> all = locks.locked(begin);
            answered = true;
            return all;
        } catch (Unanswered e) {
            return Map.of();
        }
    }

    /** What locks the newest of the versions, or the longest of the objects. */
    Optional<Store.Lock> lock(String begin) {
        return keepsVersions() ? versions().lock(begin) : longest(locked(begin).values());
    }

    private static Optional<Store.Lock> longest(Collection<Store.Lock> all) {
        return all.stream().max(Comparator.comparing(Deletions::end));
    }

    private static Instant end(Store.Lock lock) {
        Instant until = lock.until();
        return until == null ? Instant.MAX : until;
    }

    /** What explains that objects which begin so could not be deleted; never fails, for that hid the refusal. */
    Optional<Store.Lock> kept(String begin, Failure refused) {
        if (locks == null || locks.isOfLogin(refused)) {
            return Optional.empty();
        }
        try {
            Optional<Store.Lock> shown = longest(locked(begin).values());
            return shown.isPresent() ? shown : locks.named(refused);
        } catch (Failure e) {
            return locks.named(refused);
        }
    }

    /** Of a refusal: the lock that it is for, if it is one. */
    private Failure explained(String begin, Failure.Unusable refused) {
        return kept(begin, refused)
                .<Failure>map(lock -> new Failure.Unusable(
                        "The " + store + " keeps " + begin + ", " + lock.words() + ": " + refused.getMessage(),
                        AFTER_THAT,
                        refused))
                .orElse(refused);
    }

    /**
     * A hold or an object's own retention may keep any object, and not the manifest: then nothing of the backup goes. A manifest that
     * is locked is refused itself, and that refusal says so where it is for the login.
     */
    private void requireUnlocked(String begin, String manifest) {
        Map<String, Store.Lock> all;
        try {
            all = locked(begin);
        } catch (Failure.Retryable e) {
            if (answered) {
                throw e;
            }
            return; // the service is reached by OpenDAL alone, by its proxy or certificates, and never says
        }
        if (all.containsKey(manifest)) {
            return;
        }
        longest(all.values()).ifPresent(lock -> {
            throw new Failure.Unusable(
                    "The " + store + " keeps " + begin + ", " + lock.words() + ".", AFTER_THAT, null);
        });
    }

    /** Whether the login that writes may delete as well; if so, the object is deleted. */
    public boolean areOpenToWriter(String name) {
        return refusalToWriter(name).isEmpty();
    }

    /**
     * How it is refused that the login that writes deletes; empty if it may, and the object is deleted. Of one that is
     * {@linkplain RemoteStore#kept kept} nobody can say.
     */
    public Optional<Failure> refusalToWriter(String name) {
        ObjectName.check(name);
        String doing = "delete " + name;
        return store.calls().call(doing, RemoteStore.PATIENCE, () -> {
            try {
                store.operator().delete(name);
                return Optional.empty();
            } catch (OpenDALException e) {
                Failure refused = store.calls().of(doing, e);
                if (e.getCode() == OpenDALException.Code.PermissionDenied
                        || (refused instanceof Failure.Unusable
                                && kept(name, refused).isPresent())) {
                    return Optional.of(refused);
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
        boolean whole = store.size(manifest).isPresent();
        if (whole && locks != null) {
            requireUnlocked(folder + "/", manifest);
        }
        for (boolean again = false; ; again = true) {
            try {
                if (whole) {
                    delete(manifest);
                }
                RemoteStore by = by();
                by.calls()
                        .run(
                                "delete " + folder,
                                LONG_PATIENCE,
                                () -> by.operator().removeAll(folder + "/"));
                break;
            } catch (Failure.Unusable e) {
                Failure said = explained(folder + "/", e);
                if (said != e || locks == null || again) {
                    throw said;
                }
                // Its lock may have ended after the refusal: once more
            }
        }
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
        return versions != null || locks != null;
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
            return locks == null ? store.bucket().lock() : locks.lock();
        } catch (Unanswered e) {
            String remedy = e.remedy();
            throw new Failure.Skippable(
                    "The " + store + " does not say whether it locks what is stored: " + e.getMessage() + ".",
                    remedy != null
                            ? remedy
                            : "Let its login have "
                                    + (locks == null ? "s3:GetBucketObjectLockConfiguration" : locks.rights())
                                    + ", if it is a service that locks objects.",
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
