package dev.nightshift.job;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps as many targets at work on this node whose jobs move data as its heap has room for; the others wait and say so. All at once
 * would end the server, and with it the work of each.
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
    private final List<Turn> waiting = new ArrayList<>();
    private final Map<Job.Moves, Integer> taken = new EnumMap<>(Job.Moves.class);

    MemoryGate() {
        this(Runtime.getRuntime().maxMemory());
    }

    MemoryGate(long heap) {
        // The virtual machine counts less than it was given: one half of its survivors is always empty
        places = (int) Math.max(LEAST, Math.round((double) heap / FOR_EACH));
    }

    private record Turn(TargetRun target, Job.Moves moves) {}

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
        Job.Moves moves = job.moves();
        if (moves == Job.Moves.NOTHING) {
            return () -> {};
        }
        var turn = new Turn(target, moves);
        boolean mine = begin(turn);
        if (!mine) {
            boolean told = false;
            try {
                Patience.whenRepositoryAnswers(() -> target.waitsFor(reason(moves)), target::throwIfStopped);
                await(turn);
                mine = true;
                Patience.whenRepositoryAnswers(target::waitsNoMore, target::throwIfStopped);
                told = true;
            } finally {
                if (!told) {
                    end(turn, mine);
                }
            }
        }
        return () -> end(turn, true);
    }

    private String reason(Job.Moves moves) {
        int most = most(moves);
        return "Waits for memory: this node moves the data of " + places
                + " targets at once, as many as its heap has room for"
                + (most == places ? "." : ", of copies " + most + ".");
    }

    private int most(Job.Moves moves) {
        return moves == Job.Moves.AT_LEISURE ? places / 2 : places;
    }

    /** False where it has to wait. */
    private synchronized boolean begin(Turn turn) {
        waiting.add(turn);
        return take(turn);
    }

    private synchronized void await(Turn turn) throws InterruptedException {
        while (!take(turn)) {
            wait(LOOK_AGAIN_MILLIS);
            turn.target().throwIfStopped();
        }
    }

    /** Takes a place if one is free, and nobody who waits and could take it goes before. */
    private synchronized boolean take(Turn turn) {
        if (!hasRoom(turn.moves()) || !next().equals(turn)) {
            return false;
        }
        waiting.remove(turn);
        taken.merge(turn.moves(), 1, Integer::sum);
        notifyAll();
        return true;
    }

    private synchronized Turn next() {
        return waiting.stream()
                .filter(each -> each.moves() == Job.Moves.FIRST)
                .findFirst()
                .or(() -> waiting.stream().filter(each -> hasRoom(each.moves())).findFirst())
                .orElseThrow();
    }

    private synchronized boolean hasRoom(Job.Moves moves) {
        return taken.values().stream().mapToInt(Integer::intValue).sum() < places
                && taken.getOrDefault(moves, 0) < most(moves);
    }

    private synchronized void end(Turn turn, boolean hasPlace) {
        if (hasPlace) {
            taken.merge(turn.moves(), -1, Integer::sum);
        }
        waiting.remove(turn);
        notifyAll();
    }
}
