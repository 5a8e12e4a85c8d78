package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.BlockPipeline;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.ReplicationSession;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a connection that was silent too long. A socket deadline cannot do it: the wait for a checkpoint is silent, and as
 * long as the server likes.
 */
final class Watchdog implements AutoCloseable {
    private final ReplicationSession session;
    private final Supplier<Duration> patience;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(work -> BlockPipeline.thread(work, "watchdog"));
    private volatile @Nullable Duration cutAfter;

    Watchdog(ReplicationSession session, Supplier<Duration> patience) {
        this.session = session;
        this.patience = patience;
        var unused = timer.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
    }

    private void look() {
        Duration silence = session.silence();
        if (silence.compareTo(patience.get()) > 0) {
            cutAfter = silence;
            session.cancel();
            timer.shutdown();
        }
    }

    /** The reason behind a broken connection, if it was this. */
    RuntimeException explain(RuntimeException broken) {
        Duration silence = cutAfter;
        return silence == null
                ? broken
                : new Failure.Retryable(
                        "The server said nothing for " + silence.toSeconds() + " s; the backup was given up.",
                        "Look at the server's load, its checkpoints and the network.",
                        broken);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
