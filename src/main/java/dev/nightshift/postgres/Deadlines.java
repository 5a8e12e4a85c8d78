package dev.nightshift.postgres;

import java.time.Duration;

/**
 * How long each kind of waiting on a server may last. Zero means without end, as the server's own settings have it.
 *
 * <p>The server cannot keep its timeouts when it hangs, and over a half-open connection nobody hears it: {@code answer}
 * is therefore the client's own, and longer than {@code statement}, so that a healthy server speaks first.
 *
 * @param connect until a connection is made and logged in
 * @param lock the server's lock_timeout: for each lock, not for the statement
 * @param statement the server's statement_timeout
 * @param answer silence of the server after which the client gives the connection up
 */
public record Deadlines(Duration connect, Duration lock, Duration statement, Duration answer) {
    /** How much later than the server the client gives up. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration LONGEST = Duration.ofDays(20);

    public Deadlines {
        if (connect.isNegative() || connect.toSeconds() < 1) {
            throw new IllegalArgumentException("The deadline for connecting is at least one second.");
        }
        if (lock.isNegative() || statement.isNegative() || answer.isNegative() || answer.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "A deadline is not negative, and the one for an answer at most 20 days.");
        }
        if (!answer.isZero() && !statement.isZero() && answer.compareTo(statement) <= 0) {
            throw new IllegalArgumentException("The client's deadline lies after the server's.");
        }
    }

    /** For questions asked again and again: a monitor must never be the outage (lock 200 ms, statement 3 s). */
    public static Deadlines monitoring() {
        return within(Duration.ofMillis(200), Duration.ofSeconds(3));
    }

    /** For a person who waits, and for reading a catalog before work begins (lock 1 s, statement 15 s). */
    public static Deadlines interactive() {
        return within(Duration.ofSeconds(1), Duration.ofSeconds(15));
    }

    /**
     * For work that takes its time: VACUUM, REINDEX. Locks are waited for 500 ms, less than the server's deadlock_timeout
     * of 1 s, after which a waiting VACUUM would have autovacuum cancelled.
     *
     * @param longest the longest that one statement may take
     */
    public static Deadlines maintenance(Duration longest) {
        return within(Duration.ofMillis(500), longest);
    }

    /** The usual five seconds to connect, these on the server, and an answer five seconds after the statement's end. */
    public static Deadlines within(Duration lock, Duration statement) {
        return new Deadlines(CONNECT, lock, statement, statement.isZero() ? Duration.ZERO : statement.plus(GRACE));
    }

    int answerMillis() {
        return Math.toIntExact(answer.toMillis());
    }
}
