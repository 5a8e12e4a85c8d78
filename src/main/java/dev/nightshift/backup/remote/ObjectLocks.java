package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.util.Map;
import java.util.Optional;

/**
 * The locks of a service that refuses to delete what is locked, and shows it all the same: Google's and Azure's, as opposed to S3's,
 * which are those of versions.
 */
interface ObjectLocks {
    /**
     * What the bucket does to each object by itself.
     *
     * @throws Unanswered if that is not to be had
     */
    BucketLock lock() throws Unanswered;

    /**
     * The objects whose names begin so that nobody can delete now, by the server's own clock.
     *
     * @throws Unanswered if that is not to be had
     */
    Map<String, Store.Lock> locked(String begin) throws Unanswered;

    /** What a refusal says that it is for, where objects do not show all that locks them. */
    default Optional<Store.Lock> named(Failure refused) {
        return Optional.empty();
    }

    /** Whether a refusal says that it is for the login, and for no lock. */
    boolean isOfLogin(Failure refused);

    /** What the login needs to be answered. */
    String rights();
}
