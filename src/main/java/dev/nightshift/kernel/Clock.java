package dev.nightshift.kernel;

import java.time.Instant;

/** The only source of "now" outside the database, so that tests can set the time. */
@FunctionalInterface
public interface Clock {
    Instant now();

    /** The machine's clock. */
    static Clock system() {
        return Instant::now;
    }
}
