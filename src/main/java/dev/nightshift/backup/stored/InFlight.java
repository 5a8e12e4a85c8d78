package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Objects that are copied a few at once; the first failure ends all: what others had under way is not committed. */
public final class InFlight {
    /** As many objects are on their way at once: each takes a buffer here, and what the two stores gather. */
    private static final int AT_ONCE = 4;

    private final AtomicBoolean ended = new AtomicBoolean();

    /** Does the work for each, and returns when all of it is done, or when one failed and the others have stopped. */
    public <T> void all(List<T> objects, Consumer<T> work) {
        ExecutorService threads =
                Executors.newFixedThreadPool(AT_ONCE, task -> BlockPipeline.thread(task, "backup-copy"));
        boolean whole = false;
        try {
            List<Future<?>> works = new ArrayList<>();
            for (T object : objects) {
                works.add(threads.submit(() -> {
                    if (!ended.get()) {
                        work.accept(object);
                    }
                }));
            }
            for (Future<?> each : works) {
                each.get();
            }
            whole = true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure; // a Failure, or that the run is to stop
            }
            throw new Failure.Fatal("A copy failed unexpectedly: " + e.getCause(), null, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure.Retryable("Interrupted while objects were copied.", null, e);
        } finally {
            ended.set(!whole);
            threads.shutdownNow();
            await(threads);
        }
    }

    /**
     * There is no use in going on with an object when another has failed.
     *
     * @throws Failure.Retryable if one has
     */
    public void throwIfEnded() {
        if (ended.get()) {
            throw new Failure.Retryable("The copy was given up.", null, null);
        }
    }

    /** An object that is still being written when this returns is a whole one, or none. */
    private static void await(ExecutorService threads) {
        try {
            threads.awaitTermination(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Looks whether what is to be sent fits into a store that knows how much does.
     *
     * @throws Failure.Fatal if it does not
     */
    public static void requireRoom(Store to, long needed) {
        to.freeBytes().ifPresent(free -> {
            if (free < needed) {
                throw new Failure.Fatal(
                        "The copy does not fit into " + to + ": " + free + " bytes are free, and " + needed
                                + " needed.",
                        "Make room in the store or move it.",
                        null);
            }
        });
    }
}
