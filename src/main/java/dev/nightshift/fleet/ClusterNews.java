package dev.nightshift.fleet;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What is told of one cluster: what differs from before, in order, and the same again where that was a while ago. */
final class ClusterNews {
    private static final System.Logger LOG = System.getLogger(ClusterNews.class.getName());

    /** Another node may have told something else meanwhile, or it was not heard. */
    static final Duration TELL_AGAIN = Duration.ofMinutes(10);

    private final Executor executor;
    private final Consumer<ClusterSeen> listener;
    private final AtomicBoolean delivering = new AtomicBoolean();
    private volatile @Nullable ClusterSeen latest;
    private volatile Instant told = Instant.EPOCH;

    /** @param executor by which the listener hears of it */
    ClusterNews(Executor executor, Consumer<ClusterSeen> listener) {
        this.executor = executor;
        this.listener = listener;
    }

    /**
     * Tells it, if it is news.
     *
     * @param at when it was seen
     * @param wanted whether it still is, when the listener is to hear it
     */
    void tell(ClusterSeen seen, Instant at, BooleanSupplier wanted) {
        if (seen.equals(latest) && at.isBefore(told.plus(TELL_AGAIN))) {
            return;
        }
        latest = seen;
        told = at;
        try {
            executor.execute(() -> deliver(wanted));
        } catch (RuntimeException e) {
            told = Instant.EPOCH;
            LOG.log(Level.DEBUG, "What was seen of the members of " + seen.name() + " is not told now", e);
        }
    }

    /** The latest, and by one thread: what is older must not be heard last. */
    private void deliver(BooleanSupplier wanted) {
        ClusterSeen heard = null;
        while (wanted.getAsBoolean() && !Objects.equals(latest, heard) && delivering.compareAndSet(false, true)) {
            ClusterSeen news = Objects.requireNonNull(latest);
            try {
                listener.accept(news);
                heard = news;
            } catch (RuntimeException e) {
                told = Instant.EPOCH;
                LOG.log(Level.WARNING, "What was seen of the members of " + news.name() + " could not be told", e);
                return;
            } finally {
                delivering.set(false);
            }
        }
    }
}
