package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.BlockPipeline;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.ReplicationSession;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a connection that was silent too long. A socket deadline cannot do it: the wait for a checkpoint is silent, and as
 * long as the server likes.
 */
final class Watchdog implements AutoCloseable {
    private final ReplicationSession session;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(work -> BlockPipeline.thread(work, "watchdog"));
    private volatile Duration patience;
    private volatile @Nullable Duration cutAfter;

    /** @param patience until {@link #expectWithin} gives another */
    Watchdog(ReplicationSession session, Duration patience) {
        this.session = session;
        this.patience = patience;
        var unused = timer.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
    }

    /** From now on the server says something at least this often. */
    void expectWithin(Duration longest) {
        patience = longest;
    }

    private void look() {
        Duration silence = session.silence();
        if (silence.compareTo(patience) > 0) {
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
