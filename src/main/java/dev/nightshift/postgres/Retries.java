package dev.nightshift.postgres;

import dev.nightshift.kernel.Failure;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * Work on a server that is done again where its connection broke: a few times, after longer and longer pauses, and none
 * begun when the time is over. What the server refuses is not tried again.
 */
public final class Retries {
    /** Some 15 s of pauses on average: the ones who wait keep a source's log. */
    public static final Backoff STANDARD = new Backoff(5, Duration.ofSeconds(2), Duration.ofSeconds(16));

    private static final long LOOK_MILLIS = 200;

    private final Backoff backoff;
    private final long end;
    private final Consumer<String> notes;
    private final Runnable goOn;

    /**
     * @param most after which no further try is begun, counted from now
     * @param notes hears of each try that broke, in a sentence
     * @param goOn throws where another try is in vain; asked after a break and while it waits
     */
    public Retries(Backoff backoff, Duration most, Consumer<String> notes, Runnable goOn) {
        this.backoff = backoff;
        this.end = System.nanoTime() + most.toNanos();
        this.notes = notes;
        this.goOn = goOn;
    }

    /** One try. */
    @FunctionalInterface
    public interface Work<T> {
        /**
         * Does it.
         *
         * @param last whether there will be no further try, so that what is second best may do
         */
        T run(boolean last) throws SQLException;
    }

    /**
     * What the work answers once its connection lasts.
     *
     * @param what is tried, as the beginning of a sentence: {@code "The evidence of rows in database shop"}
     * @throws SQLException of the last try, or the first that means no broken connection
     */
    public <T> T of(String what, Work<T> work) throws SQLException {
        for (int tries = 1; ; tries++) {
            boolean last = tries >= backoff.attempts();
            try {
                return work.run(last);
            } catch (SQLException e) {
                goOn.run();
                if (last || isOver() || !isWorthwhile(e)) {
                    throw e;
                }
                Duration pause = backoff.wait(tries, ThreadLocalRandom.current().nextDouble());
                notes.accept(what + " broke off: " + SqlFailure.words(e) + ". Trying again in " + pause.toMillis()
                        + " ms (" + tries + " of " + backoff.attempts() + " tries).");
                sleep(pause);
            }
        }
    }

    /** Whether the circumstances may pass: a broken connection, no free slot; not a missing privilege, nor a deadline. */
    public static boolean isWorthwhile(SQLException e) {
        return SqlFailure.of(e).kind() == SqlFailure.Kind.RETRYABLE;
    }

    private boolean isOver() {
        return end - System.nanoTime() <= 0;
    }

    private void sleep(Duration pause) {
        long until = System.nanoTime() + pause.toNanos();
        for (long left = pause.toMillis(); left > 0; left = (until - System.nanoTime()) / 1_000_000) {
            try {
                Thread.sleep(Math.min(left, LOOK_MILLIS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Failure.Retryable("Interrupted before another try.", null, e);
            }
            goOn.run();
        }
    }
}
