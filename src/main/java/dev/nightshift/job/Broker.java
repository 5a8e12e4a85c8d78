package dev.nightshift.job;

import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Whether the messaging broker answers this node: asked with each heartbeat, so that nobody waits for it. */
@ApplicationScoped
class Broker {
    private static final System.Logger LOG = System.getLogger(Broker.class.getName());

    /** Longer than a broker that is there takes; shorter than a connection to a machine that is not. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Inject
    private JobConfig config;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedExecutorService executor;

    private final AtomicBoolean asking = new AtomicBoolean();
    private volatile @Nullable String away = "It has not been asked yet.";
    private volatile boolean asked;

    /** Why it does not answer; empty while it does. */
    Optional<String> isAway() {
        return Optional.ofNullable(away);
    }

    void ask(@ObservesAsync Beat beat) {
        if (!config.messaging() || !asking.compareAndSet(false, true)) {
            return;
        }
        Future<?> answer = executor.submit(BrokerConnection::tryOut);
        try {
            answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            said(null);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            said(LogText.clean(String.valueOf(cause.getMessage())));
        } catch (TimeoutException e) {
            answer.cancel(true);
            said("It did not answer within " + PATIENCE.toSeconds() + " s.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            asking.set(false);
        }
    }

    private void said(@Nullable String word) {
        boolean was = away == null;
        away = word;
        if (word == null && (!was || !asked)) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "The messaging broker answers: runs of several targets spread over the nodes.");
        }
        if (word != null && (was || !asked)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "The messaging broker does not answer: {0} Until it does, this node works on all targets of the runs that"
                            + " it takes. See whether the broker runs and can be reached.",
                    word);
        }
        asked = true;
    }
}
