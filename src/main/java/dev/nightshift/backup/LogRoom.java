package dev.nightshift.backup;

import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Memory for files of logs that are pushed and fetched: so many may be at work at once on a node, the others wait for their turn. */
@ApplicationScoped
class LogRoom {
    /** Eight segments of the usual size. */
    private static final int MEBIBYTES = 128;

    private static final int MEBIBYTE = 1 << 20;
    private static final int PATIENCE_SECONDS = 20;

    private final Semaphore free = new Semaphore(MEBIBYTES, true);

    /** Memory that is given back when it is closed. */
    interface Taken {
        void close();
    }

    /**
     * Waits for its turn.
     *
     * @throws Failure.Retryable if that takes too long
     */
    Taken take(int bytes) {
        int wanted = 1 + (bytes - 1) / MEBIBYTE;
        try {
            if (free.tryAcquire(wanted, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return () -> free.release(wanted);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new Failure.Retryable(
                "Too many files of logs are pushed and fetched at once.", "Ask again in a moment.", null);
    }
}
