package dev.nightshift.backup.read;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Brings written files to the disk beside the work that writes the next ones: a restore of a thousand files otherwise waits for
 * the disk a thousand times, while nothing is decoded. Whoever adds files may count on none of them before {@link #await}.
 */
final class SyncedFiles implements Closeable {
    /** A disk merges syncs that come at the same time; more gained nothing. */
    private static final int THREADS = 4;

    /** Open files, and with them what may wait for a slow disk before the writer waits as well. */
    private static final int WAITING = 64;

    private final Semaphore room = new Semaphore(WAITING);
    private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS, work -> {
        Thread thread = new Thread(work, "nightshift-sync");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Takes a file that is written to its end, and closes it.
     *
     * @throws IOException where an earlier file could not be synced; this one is closed then
     */
    void add(FileChannel written) throws IOException {
        try {
            check();
            acquire(1);
        } catch (IOException e) {
            written.close();
            throw e;
        }
        try {
            threads.execute(() -> sync(written));
        } catch (RuntimeException | Error e) { // no thread can be had
            room.release();
            written.close();
            throw e;
        }
    }

    /** Whatever goes wrong is told: a file that is not on the disk must not count as one that is. */
    private void sync(FileChannel written) {
        try (written) {
            written.force(true);
        } catch (IOException e) {
            failure.compareAndSet(null, e);
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, new IOException(e));
            throw e;
        } finally {
            room.release();
        }
    }

    /**
     * Returns when all files added before are on the disk.
     *
     * @throws IOException where one of them is not; again at every later call
     */
    void await() throws IOException {
        acquire(WAITING);
        room.release(WAITING);
        check();
    }

    private void acquire(int permits) throws IOException {
        try {
            room.acquire(permits);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while restored files were brought to the disk.");
        }
    }

    private void check() throws IOException {
        IOException first = failure.get();
        if (first != null) {
            throw new IOException(first.getMessage(), first);
        }
    }

    /** Waits for what is under way: nobody removes files that are still written to. */
    @Override
    public void close() {
        room.acquireUninterruptibly(WAITING);
        threads.shutdown();
    }
}
