package dev.nightshift.job.schedule;

import dev.nightshift.kernel.Failure;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A time in which nothing starts by itself: of one schedule, a project, or the fleet. What would have fired within it is left
 * out without a word of each; the pause is the word.
 *
 * @param until null for until somebody resumes; an end that has come stays, so that what fell into it is known
 */
public record Pause(Instant since, @Nullable Instant until, String by, String why) {
    static final int LONGEST_WHY = 500;

    /** @throws Failure.Invalid naming {@code why} or {@code until} */
    static Pause of(Instant now, @Nullable Instant until, String by, @Nullable String why) {
        if (why == null || why.isBlank() || why.length() > LONGEST_WHY) {
            throw new Failure.Invalid("why", "Say why, in 1 to " + LONGEST_WHY + " characters.");
        }
        if (until != null && !until.isAfter(now)) {
            throw new Failure.Invalid("until", "The end of a pause lies ahead; leave it out to resume by hand.");
        }
        return new Pause(now, until, by, why.strip());
    }

    boolean covers(Instant time) {
        return !time.isBefore(since) && (until == null || time.isBefore(until));
    }

    /** Ended now, unless it has ended before. */
    Pause ended(Instant now) {
        return covers(now) ? new Pause(since, now, by, why) : this;
    }
}
