package dev.nightshift.postgres;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Keeps everybody away from an instance that does not answer. Closed, it lets all through; after so many failures to
 * reach the instance, one after the other, it opens and refuses at once; after a while it is half open and lets one
 * through, whose luck decides.
 */
final class Breaker {
    private final String instance;
    private final int threshold;
    private final Duration rest;
    private final Clock clock;

    private BreakerStatus.State state = BreakerStatus.State.CLOSED;
    private @Nullable Instant since;
    private @Nullable Instant retryAt;
    private int failures;
    private @Nullable String lastError;
    private boolean trying;

    Breaker(String instance, int threshold, Duration rest, Clock clock) {
        this.instance = instance;
        this.threshold = threshold;
        this.rest = rest;
        this.clock = clock;
    }

    /**
     * Asks to go to the instance; every admission is answered by {@link #reached}, {@link #failed} or {@link #unknown}.
     *
     * @throws Failure.Retryable at once while the breaker is open, or half open with another's trial under way
     */
    synchronized void admit() {
        if (state == BreakerStatus.State.CLOSED) {
            return;
        }
        Instant now = clock.now();
        if (trying || (retryAt != null && now.isBefore(retryAt))) {
            throw new Failure.Retryable(
                    instance + " is not being asked since " + since + ", after " + failures
                            + " failures to reach it in a row (" + lastError + "); "
                            + (trying ? "one trial is under way now." : "the next trial is at " + retryAt + "."),
                    "Look whether the server runs and can be reached from here; it is tried again by itself.",
                    null);
        }
        state = BreakerStatus.State.HALF_OPEN;
        since = now;
        retryAt = null;
        trying = true;
    }

    /** The instance answered, if only with an error of its own. */
    synchronized void reached() {
        failures = 0;
        trying = false;
        if (state != BreakerStatus.State.CLOSED) {
            state = BreakerStatus.State.CLOSED;
            since = clock.now();
            retryAt = null;
        }
    }

    /** The instance could not be reached. */
    synchronized void failed(String error) {
        failures++;
        lastError = error;
        boolean trial = state == BreakerStatus.State.HALF_OPEN;
        trying = false;
        if (trial || (state == BreakerStatus.State.CLOSED && failures >= threshold)) {
            Instant now = clock.now();
            state = BreakerStatus.State.OPEN;
            since = now;
            retryAt = now.plus(rest);
        }
    }

    /** The one admitted never got as far as the instance; the next may try. */
    synchronized void unknown() {
        trying = false;
    }

    /** Open, though it might have been tried again since before that time: nobody asks for the server any more. */
    synchronized boolean isUnaskedSince(Instant time) {
        return state == BreakerStatus.State.OPEN && retryAt != null && retryAt.isBefore(time);
    }

    synchronized BreakerStatus status() {
        return new BreakerStatus(instance, state, since, failures, lastError, retryAt);
    }
}
