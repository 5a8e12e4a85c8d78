package dev.nightshift.backup;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Memory for files of logs that are pushed and fetched: so many may be at work at once on a node, the others wait for their turn.
 * One project has half of it at most, so that none keeps the others' servers from archiving and recovering.
 */
@ApplicationScoped
class LogRoom {
    /** Eight segments of the usual size. */
    private static final int MEBIBYTES = 128;

    private static final int MEBIBYTE = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final int OF_A_PROJECT = MEBIBYTES / 2;

    private final Semaphore free = new Semaphore(MEBIBYTES, true);
    private final Map<ProjectId, Semaphore> ofProjects = new ConcurrentHashMap<>();

    /** Memory that is given back when it is closed. */
    interface Taken {
        void close();
    }

    /**
     * Waits for its turn.
     *
     * @param bytes of what is more than a project may have, that much is taken: it waits for the project's other files
     * @throws Failure.Retryable if that takes too long
     */
    Taken take(ProjectId project, int bytes) {
        return take(project, bytes, PATIENCE);
    }

    Taken take(ProjectId project, int bytes, Duration patience) {
        int wanted = Math.min(OF_A_PROJECT, 1 + (bytes - 1) / MEBIBYTE);
        Semaphore own = ofProjects.computeIfAbsent(project, any -> new Semaphore(OF_A_PROJECT, true));
        long end = System.nanoTime() + patience.toNanos();
        try {
            if (own.tryAcquire(wanted, patience.toNanos(), TimeUnit.NANOSECONDS)) {
                boolean all = false;
                try {
                    all = free.tryAcquire(wanted, end - System.nanoTime(), TimeUnit.NANOSECONDS);
                } finally {
                    if (!all) {
                        own.release(wanted);
                    }
                }
                if (all) {
                    return () -> {
                        free.release(wanted);
                        own.release(wanted);
                    };
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new Failure.Retryable(
                "Too many files of logs are pushed and fetched at once.", "Ask again in a moment.", null);
    }
}
