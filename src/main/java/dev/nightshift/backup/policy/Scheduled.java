package dev.nightshift.backup.policy;

import java.util.List;

/**
 * What a policy has done, and when. The schedule that does it belongs to the policy.
 *
 * @param name tells it from the policy's others; the policy's name stands before it in the schedule's
 * @param cron as of schedules, likewise zone and the days that are left out; checked where the schedule is planned
 */
public record Scheduled(String name, Work work, String cron, String zone, List<String> except) {
    /** The name of the schedule. */
    public String schedule(Policy policy) {
        return policy.name() + "-" + name;
    }
}
