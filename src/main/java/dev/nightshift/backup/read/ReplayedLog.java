package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Sealed;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;

/** The log that a recovery would replay, read where it is stored: the backup's own, then the archive's. */
public final class ReplayedLog {
    private final Sealed sealed;
    private final Recovery recovery;

    ReplayedLog(Sealed sealed, Recovery recovery) {
        this.sealed = sealed;
        this.recovery = recovery;
    }

    private InputStream open(RecoveryPlan.Segment segment) throws IOException {
        return segment.archived()
                ? recovery.open(segment)
                : sealed.open("wal/" + segment.name(recovery.plan().segmentBytes()));
    }

    /**
     * Reads it record by record as far as recovery would.
     *
     * @throws Failure.Fatal if something is not what was stored
     * @throws Failure.Retryable if store or archive cannot be read now
     */
    public LogWalk search() {
        return read(() -> recovery.walk(sealed.manifest(), this::open));
    }

    /**
     * When its last transaction ended, by a look at its last segments: empty if there is none in them.
     *
     * @throws Failure.Fatal if something is not what was stored
     * @throws Failure.Retryable if store or archive cannot be read now
     */
    public Optional<Instant> lastTransaction() {
        return read(() -> new LogTail(recovery, sealed.manifest(), this::open).lastTransaction());
    }

    private interface Reading<T> {
        T run() throws IOException;
    }

    private static <T> T read(Reading<T> reading) {
        try {
            return reading.run();
        } catch (DamageException e) {
            throw new Failure.Fatal(
                    "The stored log is damaged. " + e.getMessage() + ".",
                    "Choose a point before that, or after a later backup.",
                    e);
        } catch (IOException e) {
            throw new Failure.Retryable("The stored log cannot be read. " + e.getMessage(), "Check the store.", e);
        }
    }
}
