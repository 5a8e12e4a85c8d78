package dev.nightshift.postgres;

import java.time.Duration;

/**
 * How target connections are kept.
 *
 * @param maxConnections per endpoint (4): a fleet's own tools shall not use up its max_connections
 * @param idleTimeout after which an unused pool is closed (5 min)
 * @param sweepInterval how often pools are looked at for that (30 s)
 * @param poolWait how long to wait for a connection while all are in use (5 s)
 * @param breakerFailures to reach an instance in a row that open its breaker (5)
 * @param breakerRest how long an open breaker refuses before one may try (60 s)
 * @param retry of what is retryable, within {@link TargetPools#call} (3 attempts)
 */
public record PoolSettings(
        int maxConnections,
        Duration idleTimeout,
        Duration sweepInterval,
        Duration poolWait,
        int breakerFailures,
        Duration breakerRest,
        Backoff retry) {

    /** The least {@link #poolWait} that the pool takes. */
    public static final Duration SHORTEST_WAIT = Duration.ofMillis(250);

    public PoolSettings {
        if (maxConnections < 1 || breakerFailures < 1) {
            throw new IllegalArgumentException("At least one connection, and one failure before a breaker opens.");
        }
        if (idleTimeout.isNegative() || sweepInterval.toMillis() < 1 || breakerRest.isNegative()) {
            throw new IllegalArgumentException("Times are not negative, and the sweep's interval at least 1 ms.");
        }
        if (poolWait.compareTo(SHORTEST_WAIT) < 0) {
            throw new IllegalArgumentException("A pool needs at least " + SHORTEST_WAIT + " to hand out a connection.");
        }
    }

    /** The values named above in parentheses. */
    public static PoolSettings standard() {
        return new PoolSettings(
                4,
                Duration.ofMinutes(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                5,
                Duration.ofSeconds(60),
                Backoff.standard());
    }

    /** With another limit per endpoint. */
    public PoolSettings withMaxConnections(int value) {
        return new PoolSettings(value, idleTimeout, sweepInterval, poolWait, breakerFailures, breakerRest, retry);
    }

    /** With another time after which unused pools close, and another interval to look for them. */
    public PoolSettings withIdleTimeout(Duration value, Duration sweep) {
        return new PoolSettings(maxConnections, value, sweep, poolWait, breakerFailures, breakerRest, retry);
    }

    /** With other limits of the breaker. */
    public PoolSettings withBreaker(int failures, Duration rest) {
        return new PoolSettings(maxConnections, idleTimeout, sweepInterval, poolWait, failures, rest, retry);
    }

    /** With another way of trying again. */
    public PoolSettings withRetry(Backoff value) {
        return new PoolSettings(
                maxConnections, idleTimeout, sweepInterval, poolWait, breakerFailures, breakerRest, value);
    }
}
