package dev.nightshift.backup.stores;

import dev.nightshift.backup.remote.RemoteStore;
import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Does with a small object all that backups need of a store, and tells at which step it failed and what to do. */
final class StoreCheck {
    private static final int BYTES = 4096;

    /** What is tried, in this order. */
    enum Step {
        OPEN,
        WRITE,
        ONCE,
        READ,
        LIST,
        KEEP,
        DELETE,
        KEEP_VERSIONS,
        LOCK
    }

    /** How one step went; {@code reason} is null where it passed, {@code found} where nothing was measured. */
    record Result(
            Step step,
            long millis,
            @Nullable String reason,
            @Nullable String remedy,
            @Nullable String found) {}

    /** What a step does; a sentence if the store did something else than it must. */
    private interface Work {
        @Nullable
        String run() throws IOException;
    }

    private final List<Result> results = new ArrayList<>();
    private final String name = CheckObjects.name(Clock.system().now());
    private final byte[] content = new byte[BYTES];

    private final int lockDays;
    private final Consumer<BucketLock> measured;
    private @Nullable String found;

    private StoreCheck(int lockDays, Consumer<BucketLock> measured) {
        this.lockDays = lockDays;
        this.measured = measured;
    }

    /**
     * The steps until one fails; what was written is deleted in any case, if the store lets that happen.
     *
     * @param lockDays for which the store is to lock what is stored; 0 for not at all
     * @param measured hears for how long it does
     */
    static List<Result> run(Supplier<Store> opening, int lockDays, Consumer<BucketLock> measured) {
        StoreCheck check = new StoreCheck(lockDays, measured);
        Store[] store = new Store[1];
        if (check.step(
                Step.OPEN,
                () -> {
                    store[0] = opening.get();
                    return null;
                },
                null)) {
            check.steps(store[0]);
        }
        return check.results;
    }

    /** Where it cannot be asked, the step that asks the same says so. */
    private static boolean isInDoubt(RemoteStore remote) {
        try {
            return remote.doubt().isPresent();
        } catch (Failure e) {
            return false;
        }
    }

    private void steps(Store store) {
        ThreadLocalRandom.current().nextBytes(content);
        boolean written = step(
                Step.WRITE,
                () -> {
                    put(store);
                    return null;
                },
                null);
        boolean served = written
                && step(Step.ONCE, () -> overwrites(store), "Use a service that honours If-None-Match on PUT.")
                && step(Step.READ, () -> reads(store), "Look what stands between Nightshift and the store.")
                && step(Step.LIST, () -> lists(store), "Look what stands between Nightshift and the store.");
        if (served && store instanceof RemoteStore remote && remote.deletions().haveOwnLogin()) {
            served = step(Step.KEEP, () -> keeps(remote), "Take the right to delete from the store's first login.");
        }
        if (served) {
            served = step(Step.DELETE, () -> deletes(store), "Look what the store does with what is deleted.");
            if (served
                    && store instanceof RemoteStore remote
                    && remote.deletions().haveOwnLogin()) {
                served = isInDoubt(remote)
                        || step(
                                Step.KEEP_VERSIONS,
                                () -> revives(remote),
                                "Take the right to delete versions from the store's first login.");
            }
            if (served
                    && store instanceof RemoteStore remote
                    && remote.deletions().canLock()) {
                step(
                        Step.LOCK,
                        () -> locks(remote),
                        "Set a retention on the bucket, which at S3 is a default retention and needs object lock and"
                                + " versioning; or give the store the lockDays that it has.");
            }
        } else if (written) {
            try {
                store.delete(name);
            } catch (Failure e) {
                // What failed before is what there is to tell
            }
        }
    }

    private boolean step(Step step, Work work, @Nullable String remedy) {
        long began = System.nanoTime();
        String reason;
        String advice = remedy;
        found = null;
        try {
            reason = work.run();
        } catch (Failure e) {
            reason = e.getMessage();
            advice = e.remedy();
        } catch (IOException e) {
            reason = "It cannot be read: " + e.getMessage() + ".";
        }
        long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
        results.add(new Result(step, millis, reason, reason == null ? null : advice, found));
        return reason == null;
    }

    private void put(Store store) {
        try (Store.Upload upload = store.create(name)) {
            upload.write(content, 0, content.length);
            upload.commit();
        }
    }

    private @Nullable String overwrites(Store store) {
        content[0]++;
        try {
            put(store);
            return "It overwrites an object although it was asked not to.";
        } catch (Failure.Conflict e) {
            content[0]--;
            return null;
        }
    }

    private @Nullable String reads(Store store) throws IOException {
        try (InputStream in = store.read(name)) {
            byte[] found = in.readAllBytes();
            return Arrays.equals(found, content)
                    ? null
                    : String.format(
                            Locale.ROOT, "It gives back %d other bytes than the %d written.", found.length, BYTES);
        }
    }

    private @Nullable String lists(Store store) {
        return store.list(CheckObjects.FOLDER).contains(new Store.Entry(name, BYTES))
                ? null
                : "Its list does not hold the object that was just written.";
    }

    /** What is locked is refused to everybody. */
    private @Nullable String keeps(RemoteStore store) {
        Failure refused = store.deletions().refusalToWriter(name).orElse(null);
        if (refused == null) {
            return "The login that writes may delete as well, so a second one protects nothing.";
        }
        store.kept(name, refused)
                .ifPresent(lock -> found = "Whether that login may delete is not known: the object is " + lock.words()
                        + ", which refuses it to everybody.");
        return null;
    }

    private @Nullable String deletes(Store store) {
        try {
            store.delete(name);
        } catch (Failure.Unusable e) {
            Store.Lock lock = store.kept(name, e).orElseThrow(() -> e);
            found = "The store keeps the object, " + lock.words()
                    + "; whether its login may delete it after that is not known.";
            return null;
        }
        return store.size(name).equals(OptionalLong.empty()) ? null : "The object is still there after its deletion.";
    }

    /** What says that an object is deleted is a version that no lock keeps, so the server refuses it for the login alone. */
    private @Nullable String revives(RemoteStore store) {
        if (!store.deletions().areOpenToWriterForGood(name)) {
            return null;
        }
        store.delete(name);
        return "The login that writes may delete versions for good, so a second one protects nothing.";
    }

    private @Nullable String locks(RemoteStore store) {
        BucketLock lock;
        try {
            lock = store.deletions().bucketLock();
        } catch (Failure.Skippable | Failure.Retryable e) {
            if (lockDays > 0) {
                throw e;
            }
            found = e.getMessage();
            return null;
        }
        measured.accept(lock);
        found = "The bucket " + lock.words() + "."
                + store.doubt()
                        .map(doubt ->
                                " Whether it keeps versions of what is deleted is not known: " + doubt.why() + ".")
                        .orElse("");
        return lockDays == 0 || lock.isFor(lockDays)
                ? null
                : "The bucket " + lock.words() + "; the store is defined with a lock of " + lockDays + " days.";
    }
}
