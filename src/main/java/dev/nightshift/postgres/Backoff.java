package dev.nightshift.postgres;

import java.time.Duration;

/**
 * When to try again: exponential with full jitter, so that a fleet's clients that failed together do not come back
 * together (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 *
 * @param attempts how often in all; 1 for never again
 * @param base the longest wait after the first failure; it doubles with each
 * @param cap what no wait passes
 */
public record Backoff(int attempts, Duration base, Duration cap) {
    public Backoff {
        if (attempts < 1 || base.isNegative() || cap.compareTo(base) < 0) {
            throw new IllegalArgumentException("At least one attempt, and waits from zero up to the cap.");
        }
    }

    /** Three attempts, at most 0.5 s and 1 s between them. */
    public static Backoff standard() {
        return new Backoff(3, Duration.ofMillis(500), Duration.ofSeconds(30));
    }

    /** One attempt. */
    public static Backoff never() {
        return new Backoff(1, Duration.ZERO, Duration.ZERO);
    }

    /**
     * How long to wait before the next attempt.
     *
     * @param failures how many attempts failed so far, from 1
     * @param random from 0 inclusive to 1 exclusive
     */
    public Duration wait(int failures, double random) {
        long longest = base.toMillis();
        for (int doubled = 1; doubled < failures && longest < cap.toMillis(); doubled++) {
            longest *= 2;
        }
        return Duration.ofMillis((long) (Math.min(longest, cap.toMillis()) * random));
    }
}
