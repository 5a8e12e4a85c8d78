package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.BackupProgress;
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
     * @param progress told of each segment; what it throws ends the reading
     * @throws Failure.Fatal if something is not what was stored
     * @throws Failure.Retryable if store or archive cannot be read now
     */
    public LogWalk search(BackupProgress progress) {
        progress.phase(BackupProgress.Phase.RECORDS);
        long total = recovery.plan().segments().stream()
                .mapToLong(RecoveryPlan.Segment::bytes)
                .sum();
        long[] done = {0};
        return read(() -> recovery.walk(sealed.manifest(), segment -> {
            progress.bytes(done[0], total);
            done[0] += segment.bytes();
            return open(segment);
        }));
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
