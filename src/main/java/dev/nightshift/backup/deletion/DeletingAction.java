package dev.nightshift.backup.deletion;

import dev.nightshift.kernel.ProjectId;
import jakarta.json.JsonObject;
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
     * What it would lead to now. Asks stores, and so within no transaction.
     *
     * @param asked as it was asked for
     * @throws dev.nightshift.kernel.Failure if it cannot be done, or cannot be told
     */
    Consequences measure(ProjectId project, JsonObject asked);

    /**
     * Does it, in one transaction of the project, within which {@code approved} is called: both or neither.
     *
     * @param request by which the action was asked for
     */
    void perform(ProjectId project, JsonObject asked, UUID request, Approval approved);

    /** Takes the request as decided, in the transaction of what was asked for. */
    @FunctionalInterface
    interface Approval {
        /**
         * Notes that it is done.
         *
         * @param note what came of it, in a sentence; empty for nothing to say
         * @throws dev.nightshift.kernel.Failure.Conflict if somebody else decided it meanwhile, or it has run out
         */
        void done(String note);
    }
}
