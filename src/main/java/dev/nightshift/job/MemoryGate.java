package dev.nightshift.job;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Keeps as many targets at work on this node whose jobs move data as its heap has room for; the others wait, in the order in which
 * they came, and say so. All at once would end the server, and with it the work of each.
 */
@ApplicationScoped
class MemoryGate {
    /**
     * Of the heap, for each: a backup by two threads has 14 MiB of blocks, by four 22. The rest is for what uploads gather and for
     * the server itself.
     */
    private static final long FOR_EACH = 64L << 20;

    private static final int LEAST = 2;
    private static final long LOOK_AGAIN_MILLIS = 500;

    private final int places;
    private final Deque<TargetRun> waiting = new ArrayDeque<>();
    private int taken;

    MemoryGate() {
        this(Runtime.getRuntime().maxMemory());
    }

    MemoryGate(long heap) {
        // The virtual machine counts less than it was given: one half of its survivors is always empty
        places = (int) Math.max(LEAST, Math.round((double) heap / FOR_EACH));
    }

    /** A place that is given back when it is closed. */
    interface Place extends AutoCloseable {
        /** Names the use of a place that is only held. */
        default void keep() {}

        @Override
        void close();
    }

    /**
     * Waits for its turn, where the job moves data; says on the target what it waits for.
     *
     * @throws StopRequested if the run is stopped while it waits
     */
    Place enter(Job job, TargetRun target) throws InterruptedException {
        if (!job.movesData()) {
            return () -> {};
        }
        boolean taken = begin(target);
        if (!taken) {
            try {
                Patience.whenRepositoryAnswers(() -> target.waitsFor(reason()), target::throwIfStopped);
                await(target);
                taken = true;
                Patience.whenRepositoryAnswers(target::waitsNoMore, target::throwIfStopped);
            } catch (RuntimeException | InterruptedException e) {
                end(target, taken);
                throw e;
            }
        }
        return () -> end(target, true);
    }

    private String reason() {
        return "Waits for memory: this node moves the data of " + places
                + " targets at once, as many as its heap has room for.";
    }

    /** False where it has to wait, behind those who do already. */
    private synchronized boolean begin(TargetRun target) {
        if (taken < places && waiting.isEmpty()) {
            taken++;
            return true;
        }
        waiting.add(target);
        return false;
    }

    private synchronized void await(TargetRun target) throws InterruptedException {
        while (taken == places || waiting.peek() != target) {
            wait(LOOK_AGAIN_MILLIS);
            target.throwIfStopped();
        }
        waiting.remove();
        taken++;
        notifyAll();
    }

    private synchronized void end(TargetRun target, boolean hasPlace) {
        if (hasPlace) {
            taken--;
        }
        waiting.remove(target);
        notifyAll();
    }
}
