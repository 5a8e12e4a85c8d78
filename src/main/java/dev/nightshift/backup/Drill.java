package dev.nightshift.backup;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What one drill came to, of one backup in one store.
 *
 * @param chosen NAMED, NEWEST, RANDOM, RANDOM_POINT, or UNKNOWN for those before it was kept
 * @param point behind the backup, in words; null for the backup by itself
 * @param level highest that was passed, -1 for none
 * @param outcome PASSED, FAILED or NOT_POSSIBLE
 * @param rtoMillis until the restored server answered; null if it did not come there
 * @param provenMillis until all that was asked for was passed; null if it was not
 * @param kitMadeAt when the recovery kit was made whose keys alone opened it; null for the project's keys
 */
record Drill(
        UUID id,
        UUID instance,
        UUID backup,
        @Nullable UUID run,
        String store,
        Instant at,
        String chosen,
        @Nullable String point,
        int level,
        String outcome,
        @Nullable String reason,
        @Nullable Long rtoMillis,
        @Nullable Long provenMillis,
        @Nullable Instant kitMadeAt) {
    /** As many times make a median. */
    static final int ENOUGH = 10;

    /**
     * The median of the newest times and of as many before them, in milliseconds; null where there are not enough.
     *
     * @param newestFirst what was measured
     */
    static Trend trend(List<Long> newestFirst) {
        return new Trend(median(newestFirst, 0), median(newestFirst, ENOUGH));
    }

    private static @Nullable Long median(List<Long> times, int from) {
        if (times.size() < from + ENOUGH) {
            return null;
        }
        List<Long> sorted = times.subList(from, from + ENOUGH).stream().sorted().toList();
        return (sorted.get(ENOUGH / 2 - 1) + sorted.get(ENOUGH / 2)) / 2;
    }

    /** Medians of times to a restored server. */
    record Trend(@Nullable Long last, @Nullable Long before) {}
}
