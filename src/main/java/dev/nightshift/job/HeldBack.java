package dev.nightshift.job;

import java.time.Instant;

/** The target cannot be worked on now: it waits until then, and its run with it once the others are done. */
final class HeldBack extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final For what;
    private final Instant until;

    /** What is waited for. */
    enum For {
        WINDOW,
        /** Another run that works on the same thing. */
        LOCK
    }

    HeldBack(For what, Instant until, String reason) {
        super(reason, null, false, false);
        this.what = what;
        this.until = until;
    }

    For what() {
        return what;
    }

    Instant until() {
        return until;
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
