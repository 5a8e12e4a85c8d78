package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.BlockPipeline;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.ReplicationSession;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The log on its way into the store while the files are copied: a thread of its own on a walsender of its own. */
final class LogStream implements AutoCloseable {
    private final ReplicationSession session;
    private final WalReceiver receiver;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /**
     * Starts at once.
     *
     * @param onFailure called when the stream broke, so that the files are not copied in vain
     */
    LogStream(ReplicationSession session, String slot, WalReceiver receiver, int timeline, Runnable onFailure) {
        this.session = session;
        this.receiver = receiver;
        Runnable work = () -> {
            try {
                session.streamWal(slot, receiver.start(), timeline, receiver);
                ended.complete(null);
            } catch (RuntimeException | Error e) {
                ended.completeExceptionally(e);
                onFailure.run();
            }
        };
        BlockPipeline.thread(work, "log-stream").start();
    }

    WalReceiver receiver() {
        return receiver;
    }

    /** Waits until the receiver has what it wants; false if that takes longer. */
    boolean await(Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        do {
            session.poke();
            try {
                ended.get(1, TimeUnit.SECONDS);
                return true;
            } catch (TimeoutException e) {
                // asked again
            } catch (ExecutionException e) {
                throwFailure();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Failure.Retryable("Interrupted while the log was received.", null, e);
            }
        } while (System.nanoTime() < end);
        return false;
    }

    /** Throws what broke the stream, if it is broken. */
    void throwFailure() {
        if (ended.isCompletedExceptionally()) {
            try {
                ended.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof RuntimeException cause ? cause : e;
            }
        }
    }

    /** Cuts the connection and waits for the thread, so that nothing is written to the store any more. */
    @Override
    public void close() {
        session.abort();
        try {
            ended.exceptionally(e -> null).get(30, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new Failure.Fatal("The stream of the log did not end.", null, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        receiver.close();
    }
}
