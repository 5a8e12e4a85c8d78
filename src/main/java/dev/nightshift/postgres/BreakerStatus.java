package dev.nightshift.postgres;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the circuit breaker of an instance knows, for console and metrics.
 *
 * @param instance {@code host:port}
 * @param since when it took this state; null as long as it never left the first one
 * @param failures to reach the instance, in a row until now
 * @param lastError the last of them in words, kept after it passed; null if there was none
 * @param retryAt when an open breaker lets the next one try; null in the other states
 */
public record BreakerStatus(
        String instance,
        State state,
        @Nullable Instant since,
        int failures,
        @Nullable String lastError,
        @Nullable Instant retryAt) {

    /** Whether the instance is asked. */
    public enum State {
        /** It is. */
        CLOSED,
        /** It is not; who asks fails at once. */
        OPEN,
        /** One is trying. */
        HALF_OPEN
    }
}
