package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** That the work on a target is to end, why, and what has to be cancelled for it. Thread-safe. */
final class StopSignal {
    private static final System.Logger LOG = System.getLogger(StopSignal.class.getName());

    private final String run;
    private final int attempt;
    private final List<AutoCloseable> cancels = new ArrayList<>();
    private final List<AutoCloseable> cuts = new ArrayList<>();
    private volatile boolean given;
    private volatile boolean handedOver;
    private volatile boolean takenOver;
    private volatile boolean givenUp;
    private volatile Failure.@Nullable Retryable interruption;
    private @Nullable Thread worker;
    private boolean told;
    private long toldAt;

    StopSignal(String run, int attempt) {
        this.run = run;
        this.attempt = attempt;
    }

    boolean isGiven() {
        return given;
    }

    RuntimeException why() {
        if (takenOver) {
            return new TakenOver(attempt);
        }
        Failure.Retryable why = interruption;
        return why == null ? new StopRequested() : why;
    }

    /** Ends this try of the work because what it needs is gone; another one may follow. */
    void interrupt(Failure.Retryable why) {
        synchronized (cancels) {
            if (given) {
                return;
            }
            interruption = why;
        }
        cancelAll();
    }

    /** Before the next try: its predecessor's interruption is none of its own. A person's stop is told again in a second. */
    void tryAgain() {
        synchronized (cancels) {
            if (interruption != null) {
                interruption = null;
                given = false;
                cancels.clear();
                cuts.clear();
            }
        }
    }

    void cancels(AutoCloseable cancel) {
        boolean now;
        synchronized (cancels) {
            cancels.add(cancel);
            now = given;
        }
        if (now) {
            cancel(cancel);
        }
    }

    /** The node goes down: the work ends here without a word in the ledger, so that another node takes the run over. */
    void handOver() {
        synchronized (cancels) {
            handedOver = true;
            interruption = null;
        }
        cancelAll();
    }

    boolean handedOver() {
        return handedOver;
    }

    /**
     * The run is to stop: ends what the work waits for.
     *
     * @param executor has what is to be cancelled: a server that hangs holds up whoever sends it a cancel
     */
    void stop(Executor executor) {
        tell();
        cancelAll(executor);
    }

    /** The run went on without this attempt, or was declared dead: the work ends without a word in the ledger. */
    void takenOver(Executor executor) {
        takenOver = true;
        tell();
        cancelAll(executor);
    }

    private void tell() {
        synchronized (cancels) {
            if (!told) {
                told = true;
                toldAt = System.nanoTime();
            }
        }
    }

    /** True if the work goes on though it was told to stop so long ago. */
    boolean isOverdue(Duration grace) {
        synchronized (cancels) {
            return told && System.nanoTime() - toldAt > grace.toNanos();
        }
    }

    /** The thread that does the work, as long as it does. */
    void workedOnBy(@Nullable Thread thread) {
        synchronized (cancels) {
            worker = thread;
        }
    }

    /** What cuts the work off once nobody waits for it any more; at once if nobody does. */
    void cutsOff(AutoCloseable cut) {
        synchronized (cancels) {
            cuts.add(cut);
            if (!givenUp) {
                return;
            }
        }
        cancel(cut);
    }

    /**
     * Nobody waits for the work any more: it has nothing more to say, its thread is interrupted wherever it hangs, and what
     * it holds elsewhere is cut off.
     *
     * @param executor has the cuts: closing a connection of a server that hangs may hang as well
     */
    void giveUp(Executor executor) {
        List<AutoCloseable> hooks;
        synchronized (cancels) {
            givenUp = true;
            Thread thread = worker;
            if (thread != null) {
                thread.interrupt();
            }
            hooks = List.copyOf(cuts);
        }
        hooks.forEach(hook -> executor.execute(() -> cancel(hook)));
    }

    boolean isGivenUp() {
        return givenUp;
    }

    private void cancelAll() {
        cancelAll(Runnable::run);
    }

    private void cancelAll(Executor executor) {
        List<AutoCloseable> hooks;
        synchronized (cancels) {
            if (given) {
                return;
            }
            given = true;
            hooks = List.copyOf(cancels);
        }
        hooks.forEach(hook -> executor.execute(() -> cancel(hook)));
    }

    private void cancel(AutoCloseable hook) {
        try {
            hook.close();
        } catch (Exception e) {
            LOG.log(System.Logger.Level.WARNING, "Stopping " + run + ": a cancel failed", e);
        }
    }
}
