package dev.nightshift.runtime;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;

/** The person at the terminal is told what is done, one line each, with the time that it took. */
final class Terminal {
    private final PrintStream out;

    Terminal(PrintStream out) {
        this.out = out;
    }

    synchronized void say(String line) {
        out.println(line);
        out.flush();
    }

    /** Does something, then says so: {@code "Repository database ready on port 9432 · 2.1 s"}. */
    <T> T timed(String done, Supplier<T> work) {
        long begin = System.nanoTime();
        T result = work.get();
        say(done + " · " + seconds(Duration.ofNanos(System.nanoTime() - begin)));
        return result;
    }

    static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
    }
}
