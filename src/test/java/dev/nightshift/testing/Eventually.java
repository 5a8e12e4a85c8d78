package dev.nightshift.testing;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** Waits for what takes its time, and says what was missing when it took too long. */
public final class Eventually {
    /** Most of what is waited for comes at once, or takes seconds: the first looks come soon, the later ones seldom. */
    private static final Duration FIRST = Duration.ofMillis(25);

    private static final Duration SELDOM = Duration.ofMillis(250);

    private Eventually() {}

    /** Asks until there is an answer. */
    public static <T> T get(String what, Duration most, Supplier<Optional<T>> question) {
        long end = System.nanoTime() + most.toNanos();
        Duration pause = FIRST;
        while (true) {
            Optional<T> answer = question.get();
            if (answer.isPresent()) {
                return answer.get();
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("Not within " + most.toSeconds() + " s: " + what);
            }
            sleep(pause);
            pause = pause.compareTo(SELDOM) < 0 ? pause.multipliedBy(2) : SELDOM;
        }
    }

    public static void isTrue(String what, Duration most, Supplier<Boolean> question) {
        get(what, most, () -> question.get() ? Optional.of(true) : Optional.empty());
    }

    public static void sleep(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
