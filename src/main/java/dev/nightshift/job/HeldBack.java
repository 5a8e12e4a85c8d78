package dev.nightshift.job;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The target cannot be worked on now: it waits until then, and its run with it once the others are done. */
final class HeldBack extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final For what;
    private final @Nullable Instant until;

    /** What is waited for. */
    enum For {
        WINDOW,
        /** Another run that works on the same thing. */
        LOCK
    }

    /** @param until null where it may be worked on at any time */
    HeldBack(For what, @Nullable Instant until, String reason) {
        super(reason, null, false, false);
        this.what = what;
        this.until = until;
    }

    For what() {
        return what;
    }

    @Nullable
    Instant until() {
        return until;
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
