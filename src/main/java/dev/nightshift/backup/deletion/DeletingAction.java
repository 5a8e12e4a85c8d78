package dev.nightshift.backup.deletion;

import dev.nightshift.kernel.ProjectId;
import jakarta.json.JsonObject;
import java.time.Instant;
import java.util.UUID;

/** A kind of action by which stored backups, or what is needed to read them, can vanish; one application-scoped bean each. */
public interface DeletingAction {
    /** Names it in requests: letters and hyphens, the same for ever. */
    String kind();

    /** What it covers, for people: {@code "the job expire, started by hand"}. */
    String covers();

    /** Whether it takes an installation admin, and not just the project's. */
    default boolean isOfInstallation() {
        return false;
    }

    /**
     * What it would lead to now, for whoever asks for it. May ask stores, and so within no transaction.
     *
     * @param asked as it was asked for
     * @throws dev.nightshift.kernel.Failure if it cannot be done, or cannot be told
     */
    Consequences measure(ProjectId project, JsonObject asked);

    /**
     * What it leads to when somebody approves it, as far as {@link Consequences#isBeyond} looks at it.
     *
     * @param askedAt what has come since need not count, where what was asked for does not depend on it
     * @throws dev.nightshift.kernel.Failure as {@link #measure}
     */
    default Consequences judge(ProjectId project, JsonObject asked, Instant askedAt) {
        return measure(project, asked);
    }

    /**
     * Does it, in one transaction of the project, within which {@code approved} is called: both or neither. Whoever asks has it tried
     * so too: {@code done} throws then, and nothing of it may stay.
     *
     * @param request by which the action was asked for
     * @throws dev.nightshift.kernel.Failure.Retryable if it cannot be done at this moment; the request goes on waiting
     * @throws dev.nightshift.kernel.Failure if it cannot be done; the request is over
     */
    void perform(ProjectId project, JsonObject asked, UUID request, Approval approved);

    /** Takes the request as decided, in the transaction of what was asked for. */
    interface Approval {
        /**
         * Has it judged once more, where the transaction's locks keep what that depends on from changing; for actions whose {@link
         * DeletingAction#judge} asks no store.
         *
         * @throws RuntimeException if more would go than was shown, by which the transaction ends
         */
        void judge();

        /**
         * Notes that it is done.
         *
         * @param note what came of it, in a sentence; empty for nothing to say
         * @throws dev.nightshift.kernel.Failure.Conflict if somebody else decided it meanwhile, or it has run out
         */
        void done(String note);
    }
}
