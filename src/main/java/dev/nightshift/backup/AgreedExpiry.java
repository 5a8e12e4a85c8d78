package dev.nightshift.backup;

import dev.nightshift.backup.deletion.DeletionRequests;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a run of expire may delete where two people delete: what a request showed that was approved, or what goes by a policy that has
 * expiry done, which none of them changes alone. A schedule of before has neither, however long it has been there.
 */
@ApplicationScoped
class AgreedExpiry {
    @Inject
    private DeletionRequests deletions;

    /** What the run's request showed; null where it goes by a rule alone. */
    @Nullable
    Set<UUID> shown(TargetRun target) {
        return target.parameters()
                .text(ExpireJob.REQUEST)
                .map(id -> deletions.approved(target.project(), UUID.fromString(id)))
                .orElse(null);
    }

    /**
     * Lets pass a run that goes by a rule of its own.
     *
     * @throws Failure.Skippable if two people would have to agree on that, and did not
     */
    void requireNoOwnRule(TargetRun target) {
        if (isNobodysWord(target)) {
            throw new Failure.Skippable(
                    "In this project two people delete, and they did not agree on the rule of this run: it deleted"
                            + " nothing.",
                    "Have a policy do it, which two people change, and switch off the schedule if it was one; or start"
                            + " a run, which another admin then approves.",
                    null);
        }
    }

    /**
     * Lets pass a run that goes by a policy which does not have expiry done by itself: such a one may be one person's word, who can add
     * it while it answers for no server.
     *
     * @throws Failure.Skippable if two people would have to agree on that, and did not
     */
    void requireExpiring(TargetRun target, Policy policy) {
        if (isNobodysWord(target)) {
            throw new Failure.Skippable(
                    "In this project two people delete, and the policy " + policy.name()
                            + ", which answers for this server, has no expiry done: they did not agree that anything"
                            + " goes by it, and nothing was deleted.",
                    "Let the policy have expiry done, which two people agree on, and switch off the schedule if it was"
                            + " one.",
                    null);
        }
    }

    private boolean isNobodysWord(TargetRun target) {
        return target.parameters().flag(ExpireJob.APPLY)
                && target.parameters().text(ExpireJob.REQUEST).isEmpty()
                && deletions.isOn(target.project());
    }
}
