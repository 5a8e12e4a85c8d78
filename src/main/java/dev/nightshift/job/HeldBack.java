package dev.nightshift.job;

import java.time.Instant;

/** The target's window is closed: it waits until then, and its run with it. */
final class HeldBack extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Instant until;

    HeldBack(Instant until, String reason) {
        super(reason, null, false, false);
        this.until = until;
    }

    Instant until() {
        return until;
    }
}
