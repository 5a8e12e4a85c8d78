package dev.nightshift.backup.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a policy has done, and when. The schedule that does it belongs to the policy.
 *
 * @param name tells it from the policy's others; the policy's name stands before it in the schedule's
 * @param cron as of schedules, likewise zone and the days that are left out; checked where the schedule is planned
 * @param from of a drill alone: the store that it reads, or {@code each-store}; null for the one that the backup was taken to
 * @param kit of a drill alone: path of the recovery kit that opens what it reads; null for the project's keys
 * @param passphraseFile of a drill with a kit: path of the file with its passphrase, which itself is stored nowhere
 * @param rateLimitKilobytesPerSecond of a backup alone: what it takes from its server, and its copies from their sources, at most; null for no limit
 */
public record Scheduled(
        String name,
        Work work,
        String cron,
        String zone,
        List<String> except,
        @Nullable String from,
        @Nullable String kit,
        @Nullable String passphraseFile,
        @Nullable Integer rateLimitKilobytesPerSecond) {
    /** The name of the schedule. */
    public String schedule(Policy policy) {
        return policy.name() + "-" + name;
    }
}
