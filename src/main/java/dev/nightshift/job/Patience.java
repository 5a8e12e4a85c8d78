package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import java.time.Duration;
import java.util.function.Supplier;

/** Waits out a repository database that is away, for what must be written or known. */
final class Patience {
    private static final System.Logger LOG = System.getLogger(Patience.class.getName());

    /** Longer than a failover or a restart of the repository takes; then the run is left to recovery. */
    static final Duration MOST = Duration.ofMinutes(10);

    private Patience() {}

    static void untilRepositoryAnswers(Runnable write) {
        whenRepositoryAnswers(() -> {
            write.run();
            return true;
        });
    }

    /**
     * Writes as soon as the repository answers; as {@link #whenRepositoryAnswers(Supplier)}, but a word to the contrary
     * is thrown.
     *
     * @param meanwhile asked before each further try; what it throws ends the waiting
     */
    static void whenRepositoryAnswers(Runnable write, Runnable meanwhile) {
        boolean[] again = {false};
        whenRepositoryAnswers(() -> {
            if (again[0]) {
                meanwhile.run();
            }
            again[0] = true;
            write.run();
            return true;
        });
    }

    /**
     * What the repository answers once it does.
     *
     * @throws Failure.Retryable if it does not within {@link #MOST}, or the thread is interrupted
     */
    static <T> T whenRepositoryAnswers(Supplier<T> question) {
        long giveUp = System.nanoTime() + MOST.toNanos();
        for (long pause = 250; ; pause = Math.min(pause * 2, 5000)) {
            try {
                return question.get();
            } catch (Failure.Retryable e) {
                if (System.nanoTime() > giveUp) {
                    throw e;
                }
                LOG.log(System.Logger.Level.WARNING, "The repository is away; asking again in {0} ms", pause);
                try {
                    Thread.sleep(pause);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw e;
                }
            }
        }
    }
}
