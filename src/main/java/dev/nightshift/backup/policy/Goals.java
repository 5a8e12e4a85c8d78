package dev.nightshift.backup.policy;

import dev.nightshift.kernel.Failure;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The goals of a policy; null where nothing is wanted. */
public record Goals(
        @Nullable Integer rpoSeconds,
        @Nullable Integer rtoSeconds,
        @Nullable Integer proofDays,
        @Nullable Integer backupHours,
        @Nullable Integer stores,
        @Nullable Integer keyDays,
        @Nullable Integer kitHours) {
    /** Nothing is wanted. */
    public static final Goals NONE = new Goals(null, null, null, null, null, null, null);

    /** @throws Failure.Invalid naming the field that does not hold */
    public Goals {
        range("rpoSeconds", rpoSeconds, 30 * 86_400);
        range("rtoSeconds", rtoSeconds, 7 * 86_400);
        range("proofDays", proofDays, 365);
        range("backupHours", backupHours, 365 * 24);
        range("stores", stores, 10);
        range("keyDays", keyDays, 3_650);
        range("kitHours", kitHours, 365 * 24);
    }

    private static void range(String field, @Nullable Integer value, int most) {
        if (value != null && (value < 1 || value > most)) {
            throw new Failure.Invalid(
                    "goals." + field, "It is a number from 1 to " + most + ", or left out where nothing is wanted.");
        }
    }

    private static final long HOUR = 3_600;
    private static final long DAY = 24 * HOUR;

    /** Each in its goal's unit, in the order in which they are shown. */
    public Map<Goal, Long> wanted() {
        Map<Goal, Long> wanted = new EnumMap<>(Goal.class);
        put(wanted, Goal.RPO, rpoSeconds, 1);
        put(wanted, Goal.RTO, rtoSeconds, 1);
        put(wanted, Goal.PROOF, proofDays, DAY);
        put(wanted, Goal.BACKUP, backupHours, HOUR);
        put(wanted, Goal.STORES, stores, 1);
        put(wanted, Goal.KEY, keyDays, DAY);
        put(wanted, Goal.KIT, kitHours, HOUR);
        return wanted;
    }

    private static void put(Map<Goal, Long> wanted, Goal goal, @Nullable Integer value, long times) {
        if (value != null) {
            wanted.put(goal, value * times);
        }
    }
}
