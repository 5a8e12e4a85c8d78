package dev.nightshift.backup.policy;

import dev.nightshift.backup.expiry.KeepRule;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Of which servers less may be kept, once other policies or other answers hold. */
public final class KeepsLess {
    private KeepsLess() {}

    /**
     * The servers of which something may go that would have stayed: by a rule that does not cover the one of before, by one where
     * there was none, or because expiry is done now that was not. Expiry by policy passes over a server without a rule, so that no
     * rule keeps everything.
     */
    public static List<Answering.Server> of(List<Answering.Server> servers, Answering before, Answering after) {
        return servers.stream()
                .filter(server -> isLess(before.policyOf(server.id()), after.policyOf(server.id())))
                .toList();
    }

    /**
     * Whether a policy that expires may let more go than it did, whichever servers it answers for: databases come and go, and their
     * tags, and with them the servers.
     *
     * @param before null for one that is new
     */
    public static boolean of(@Nullable Policy before, Policy after) {
        if (after.keep().isEmpty() || !expires(Optional.of(after))) {
            return false;
        }
        return before == null
                || before.keep().isEmpty()
                || !expires(Optional.of(before))
                || !after.keep().covers(before.keep());
    }

    private static boolean isLess(Optional<Policy> before, Optional<Policy> after) {
        KeepRule was = before.map(Policy::keep).orElse(KeepRule.NOTHING);
        KeepRule is = after.map(Policy::keep).orElse(KeepRule.NOTHING);
        if (is.isEmpty()) {
            return false;
        }
        return was.isEmpty() || !is.covers(was) || (expires(after) && !expires(before));
    }

    private static boolean expires(Optional<Policy> policy) {
        return policy.stream()
                .flatMap(each -> each.schedules().stream())
                .anyMatch(scheduled -> scheduled.work() == Work.EXPIRE);
    }
}
