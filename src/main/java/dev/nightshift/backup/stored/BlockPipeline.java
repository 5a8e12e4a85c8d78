package dev.nightshift.backup.stored;

import com.github.luben.zstd.ZstdCompressCtx;
import dev.nightshift.kernel.Failure;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Compresses and encrypts blocks in parallel and writes them in the order in which they came. One thread fills blocks. The
 * first failure, on whichever thread, comes out of the {@link ObjectSeries} that is written next.
 */
public final class BlockPipeline implements AutoCloseable {
    private final int blockBytes;
    private final int level;
    private final ExecutorService workers;
    private final Thread writer;
    private final BlockingQueue<Block> free;
    private final BlockingQueue<Work> ordered = new LinkedBlockingQueue<>();
    private final BlockingQueue<ZstdCompressCtx> contexts;
    private final AtomicLong outstanding = new AtomicLong();
    private volatile @Nullable Throwable failure;

    private record Work(Block block, Future<?> sealed, ObjectWriter target) {}

    /**
     * Starts the threads.
     *
     * @param name of its threads
     * @param blockBytes the content of every block but an object's last, before compression
     * @param threads that compress and encrypt
     * @param level of zstd
     */
    public BlockPipeline(String name, int blockBytes, int threads, int level) {
        this.blockBytes = blockBytes;
        this.level = level;
        int depth = 2 * threads + 2;
        this.free = new ArrayBlockingQueue<>(depth);
        for (int i = 0; i < depth; i++) {
            free.add(new Block(blockBytes));
        }
        this.contexts = new ArrayBlockingQueue<>(threads);
        for (int i = 0; i < threads; i++) {
            contexts.add(new ZstdCompressCtx().setLevel(level));
        }
        this.workers = Executors.newFixedThreadPool(threads, work -> thread(work, name + "-seal"));
        this.writer = thread(this::write, name + "-write");
        writer.start();
    }

    /** A thread of a backup's, not yet started; it keeps no process alive. */
    public static Thread thread(Runnable work, String name) {
        Thread thread = new Thread(work, "nightshift-" + name);
        thread.setDaemon(true);
        return thread;
    }

    int blockBytes() {
        return blockBytes;
    }

    /** An empty block to fill; waits until one is free. */
    Block take() {
        try {
            while (true) {
                Block block = free.poll(100, TimeUnit.MILLISECONDS);
                check();
                if (block != null) {
                    block.length = 0;
                    return block;
                }
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Gives a filled block back, to be sealed and written to its object after those before it. */
    void submit(Block block, ObjectWriter target) {
        outstanding.incrementAndGet();
        Future<?> sealed = workers.submit(() -> {
            ZstdCompressCtx context = contexts.take();
            try {
                target.seal(block, context);
                return null;
            } finally {
                contexts.add(context);
            }
        });
        ordered.add(new Work(block, sealed, target));
    }

    /** Waits until everything submitted is written. */
    void drain() {
        try {
            synchronized (outstanding) {
                while (outstanding.get() > 0) {
                    check();
                    outstanding.wait(100);
                }
            }
            check();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void write() {
        try {
            while (true) {
                Work work = ordered.take();
                work.sealed().get();
                work.target().append(work.block());
                free.add(work.block());
                synchronized (outstanding) {
                    outstanding.decrementAndGet();
                    outstanding.notifyAll();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (ExecutionException e) {
            failure = e.getCause();
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    private void check() {
        Throwable cause = failure;
        if (cause instanceof Failure known) {
            throw known;
        }
        if (cause != null) {
            throw new Failure.Fatal("A block could not be compressed, encrypted or written: " + cause, null, cause);
        }
    }

    private static Failure interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Failure.Retryable("Interrupted while blocks were written.", null, e);
    }

    /** Ends the threads; what was not written yet is dropped. */
    @Override
    public void close() {
        workers.shutdownNow();
        writer.interrupt();
        try {
            writer.join(TimeUnit.SECONDS.toMillis(10));
            if (workers.awaitTermination(10, TimeUnit.SECONDS)) {
                contexts.forEach(ZstdCompressCtx::close);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The zstd level, for logs. */
    @Override
    public String toString() {
        return "blocks of " + blockBytes + " bytes, zstd " + level;
    }
}
