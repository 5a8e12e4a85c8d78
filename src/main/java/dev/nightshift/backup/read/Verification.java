package dev.nightshift.backup.read;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a verification found out.
 *
 * @param reached the highest level passed; null if not even all objects are there
 * @param damage why it did not come further, naming the object and file; null if all asked for was passed
 * @param files compared with the server's list
 * @param bytes of those files
 * @param log the walk over the log; null below {@link ProofLevel#READABLE}
 */
public record Verification(
        @Nullable ProofLevel reached,
        @Nullable String damage,
        long files,
        long bytes,
        @Nullable LogWalk log,
        Duration took) {

    /** Whether this level, and so all below it, was passed. */
    public boolean passed(ProofLevel level) {
        return reached != null && reached.compareTo(level) >= 0;
    }
}
