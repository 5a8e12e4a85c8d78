package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The versions that a bucket of S3 keeps of what was deleted in it. A service that does not know of versions, and a login that may
 * not ask, are taken for one that keeps none, with {@link #doubt}, unless it was seen to keep them before.
 */
final class KeptVersions {
    /** Who switches it on while Nightshift runs is believed as late. */
    private static final Duration MEASURED = Duration.ofMinutes(5);

    /** Locks of what was stored one after the other end one after the other. */
    private static final int ATTEMPTS = 3;

    private final String title;
    private final Supplier<S3Bucket> reading;
    private final Supplier<S3Bucket> deleting;
    private volatile @Nullable Known known;

    private record Known(boolean kept, Store.@Nullable Doubt doubt, long at) {}

    /** @param deleting the bucket by the login that deletes */
    KeptVersions(String title, Supplier<S3Bucket> reading, Supplier<S3Bucket> deleting) {
        this.title = title;
        this.reading = reading;
        this.deleting = deleting;
    }

    private Known known() {
        Known before = known;
        if (before != null && System.nanoTime() - before.at() < MEASURED.toNanos()) {
            return before;
        }
        Known now;
        try {
            now = new Known(reading.get().keepsVersions(), null, System.nanoTime());
        } catch (Unanswered e) {
            now = before != null && before.kept()
                    ? new Known(true, null, System.nanoTime())
                    : new Known(
                            false, new Store.Doubt(String.valueOf(e.getMessage()), e.isUnknown()), System.nanoTime());
        }
        known = now;
        return now;
    }

    boolean kept() {
        return known().kept();
    }

    /** Measures anew when it is asked next. */
    void renew() {
        Known before = known;
        if (before != null) {
            known = new Known(before.kept(), before.doubt(), System.nanoTime() - MEASURED.toNanos());
        }
    }

    Optional<Store.Doubt> doubt() {
        return Optional.ofNullable(known().doubt());
    }

    /** Each version of what begins so, without those that only say that something is deleted. */
    List<Store.Entry> taking(String begin) {
        return reading.get().versions(begin).stream()
                .filter(version -> !version.marker())
                .map(version -> new Store.Entry(version.name(), version.bytes()))
                .sorted(Comparator.comparing(Store.Entry::name))
                .toList();
    }

    /** What locks the newest. */
    Optional<Store.Lock> lock(String begin) {
        S3Bucket bucket = reading.get();
        return lock(bucket, bucket.versions(begin));
    }

    private static Optional<Store.Lock> lock(S3Bucket bucket, List<S3Bucket.Version> versions) {
        return versions.stream()
                .filter(version -> !version.marker())
                .max(Comparator.comparing(S3Bucket.Version::at))
                .flatMap(bucket::lockOf);
    }

    /**
     * Deletes all versions of what is deleted.
     *
     * @throws Failure.Unusable if the login may not
     */
    void purge(String begin, Predicate<String> which) {
        S3Bucket bucket = deleting.get();
        List<S3Bucket.Version> versions = bucket.versions(begin).stream()
                .filter(version -> which.test(version.name()))
                .toList();
        Set<String> deleted = versions.stream()
                .filter(version -> version.latest() && version.marker())
                .map(S3Bucket.Version::name)
                .collect(Collectors.toSet());
        Map<S3Bucket.Version, String> refused = deletedButLocked(
                bucket,
                versions.stream()
                        .filter(version -> !version.marker() && deleted.contains(version.name()))
                        .toList());
        // Without what says that it is deleted, what is left of an object would be there again
        Set<String> left =
                refused.keySet().stream().map(S3Bucket.Version::name).collect(Collectors.toCollection(HashSet::new));
        Map<S3Bucket.Version, String> markers = bucket.delete(versions.stream()
                .filter(version ->
                        version.marker() && deleted.contains(version.name()) && !left.contains(version.name()))
                .toList());
        if (!markers.isEmpty()) {
            throw mayNot(markers.values().iterator().next());
        }
    }

    /** Whether the login that does not delete may delete, for good, what says that an object is deleted; if so, it is there again. */
    boolean unhides(String name) {
        S3Bucket bucket = reading.get();
        List<S3Bucket.Version> markers = bucket.versions(name).stream()
                .filter(version -> version.name().equals(name) && version.latest() && version.marker())
                .toList();
        return !markers.isEmpty() && markers.stream().allMatch(bucket::deleteAlone);
    }

    /**
     * Deletes these. A version that is locked is refused with the same word as a login that may delete none.
     *
     * @return those that are locked, or lie in the midst of such
     * @throws Failure.Unusable if none of those that were refused is locked
     */
    private Map<S3Bucket.Version, String> deletedButLocked(S3Bucket bucket, List<S3Bucket.Version> versions) {
        Map<S3Bucket.Version, String> refused = bucket.delete(versions);
        for (int attempt = 1; !refused.isEmpty(); attempt++) {
            List<S3Bucket.Version> left = List.copyOf(refused.keySet());
            if (lock(bucket, left).isPresent()) {
                break;
            }
            if (attempt == ATTEMPTS) {
                throw mayNot(refused.values().iterator().next());
            }
            refused = bucket.delete(left); // the lock may have ended after the refusal
        }
        return refused;
    }

    private Failure mayNot(String code) {
        return new Failure.Unusable(
                "The " + title + " refuses to delete versions of what was deleted (" + code
                        + "), and shows no lock on them.",
                "Let the login that deletes there have s3:DeleteObjectVersion, and s3:GetObjectRetention to see locks.",
                null);
    }
}
