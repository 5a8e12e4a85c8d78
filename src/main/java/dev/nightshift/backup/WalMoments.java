package dev.nightshift.backup;

import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The times at which a server was asked for its position, until all before that position is stored. What is stored and what the
 * server says come from different threads.
 */
final class WalMoments implements WalWork.Moments {
    /** A moment that is not stored after so many later ones will not be: archiving is stuck, and newer ones tell as much. */
    private static final int MOST = 100;

    private static final long NONE = -1;
    private static final int PAGE = 8192;
    private static final int LONG_HEADER = 40;
    private static final int SHORT_HEADER = 24;

    private final Catalogue catalogue;
    private final Deque<Moment> waiting = new ArrayDeque<>();
    private long stretch = NONE;
    private Lsn stored = Lsn.NONE;
    private @Nullable String endedBefore;

    /** Told of a moment before which all is in this stretch, or before it. */
    interface Catalogue {
        void covered(long stretch, Instant at, @Nullable String ended);
    }

    /** What the server had acknowledged at a time lies before a position, and is of the transactions that had ended. */
    private record Moment(
            Instant at, Lsn position, @Nullable String ended) {}

    WalMoments(Catalogue catalogue) {
        this.catalogue = catalogue;
    }

    /** A stretch is written to from now on: what was asked before is of another one. */
    synchronized void begins(long next, Lsn to) {
        waiting.clear();
        stored = to;
        stretch = next;
    }

    /** Nothing is written any more. */
    synchronized void forget() {
        waiting.clear();
        stretch = NONE;
    }

    /** All up to there is stored. */
    void stored(Lsn to) {
        synchronized (this) {
            stored = to;
        }
        tell();
    }

    /**
     * Any node may have stored what the server pushed: how far that came stands in the catalogue.
     *
     * @param fails while it does, another server may have answered
     */
    synchronized void follow(WalRepository.@Nullable End end, boolean fails) {
        if (end == null || end.stretch() != stretch || fails) {
            waiting.clear();
        }
        stretch = end == null ? NONE : end.stretch();
        stored = end == null ? Lsn.NONE : end.reached().to();
        endedBefore = end == null ? null : end.ended();
    }

    /** Counts only while it is known what the position is to be held against. */
    @Override
    public void reached(Instant at, Lsn position, @Nullable String ended) {
        synchronized (this) {
            if (stretch == NONE) {
                return;
            }
            if (waiting.size() == MOST) {
                waiting.removeLast();
            }
            // None ended since a position that is stored: what the server writes for itself behind it may never be
            // pushed
            boolean same = ended != null && ended.equals(endedBefore);
            if (same) {
                waiting.clear(); // one whose position is such a record would wait for ever
            }
            waiting.add(new Moment(at, same ? stored : beforeHeader(position), ended));
        }
        tell();
    }

    private void tell() {
        Moment newest = null;
        long of;
        synchronized (this) {
            while (!waiting.isEmpty() && waiting.peek().position().compareTo(stored) <= 0) {
                newest = waiting.remove();
            }
            of = stretch;
        }
        if (newest != null) {
            catalogue.covered(of, newest.at(), newest.ended());
        }
    }

    /**
     * The server inserts behind the header of a page that holds nothing yet, and sends up to the page's beginning: 40 bytes in
     * a segment's first page and 24 in others (access/xlog_internal.h).
     */
    private static Lsn beforeHeader(Lsn position) {
        long inPage = position.value() & (PAGE - 1);
        return inPage == LONG_HEADER || inPage == SHORT_HEADER ? new Lsn(position.value() - inPage) : position;
    }
}
