package dev.nightshift.backup.policy;

import dev.nightshift.kernel.Failure;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The goals of a policy; null where nothing is wanted. */
public record Goals(
        @Nullable Integer rpoSeconds,
        @Nullable Integer rtoSeconds,
        @Nullable Integer proofDays,
        @Nullable Integer backupHours) {
    /** Nothing is wanted. */
    public static final Goals NONE = new Goals(null, null, null, null);

    /** @throws Failure.Invalid naming the field that does not hold */
    public Goals {
        range("rpoSeconds", rpoSeconds, 30 * 86_400);
        range("rtoSeconds", rtoSeconds, 7 * 86_400);
        range("proofDays", proofDays, 365);
        range("backupHours", backupHours, 365 * 24);
    }

    private static void range(String field, @Nullable Integer value, int most) {
        if (value != null && (value < 1 || value > most)) {
            throw new Failure.Invalid(
                    "goals." + field, "It is a number from 1 to " + most + ", or left out where nothing is wanted.");
        }
    }

    /** In the order in which they are shown. */
    public Map<Goal, Duration> wanted() {
        Map<Goal, Duration> wanted = new EnumMap<>(Goal.class);
        if (rpoSeconds != null) {
            wanted.put(Goal.RPO, Duration.ofSeconds(rpoSeconds));
        }
        if (rtoSeconds != null) {
            wanted.put(Goal.RTO, Duration.ofSeconds(rtoSeconds));
        }
        if (proofDays != null) {
            wanted.put(Goal.PROOF, Duration.ofDays(proofDays));
        }
        if (backupHours != null) {
            wanted.put(Goal.BACKUP, Duration.ofHours(backupHours));
        }
        return wanted;
    }
}
