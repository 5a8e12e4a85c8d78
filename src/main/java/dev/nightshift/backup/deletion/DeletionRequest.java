package dev.nightshift.backup.deletion;

import jakarta.json.JsonObject;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What one person asked for, and another one is to decide.
 *
 * @param kind of its {@link DeletingAction}
 * @param asked as it was asked for: what approving it does
 * @param askedBy the person's name
 * @param askedWith the name of the key that they asked with; null for a login
 * @param until when it runs out
 * @param shown what it would have led to when it was asked for
 * @param decidedBy null while it waits, and where nobody decided it
 * @param note what came of it, or why it was refused
 */
public record DeletionRequest(
        UUID id,
        String kind,
        JsonObject asked,
        @Nullable String why,
        String askedBy,
        @Nullable String askedWith,
        UUID askedPerson,
        Instant askedAt,
        Instant until,
        Consequences shown,
        State state,
        @Nullable String decidedBy,
        @Nullable Instant decidedAt,
        @Nullable String note) {
    /** Where it stands. */
    public enum State {
        WAITING,
        /** It was done. */
        APPROVED,
        REFUSED,
        /** When it was to be approved, more would have gone than was shown. */
        OUTGROWN,
        RUN_OUT,
        /** It was approved, and could not be done; the note says why. */
        FAILED
    }

    /** Whether somebody may still decide it. */
    boolean isOpen(Instant now) {
        return state == State.WAITING && now.isBefore(until);
    }
}
