package dev.nightshift.backup;

import dev.nightshift.postgres.Lsn;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How far the log of an archive's newest timeline came when its store was listed last. A standby asks for the log's end every few
 * seconds, and to list a timeline of a terabyte takes a store over sixty answers. What is stored of the newest timeline from then
 * on stands in the catalogue before it is in the store; of one that was left it may not, so that is listed each time.
 */
@ApplicationScoped
class ListedEnds {
    /** For what came by no way of ours: somebody copied into the store, say. */
    private static final Duration LASTS = Duration.ofMinutes(10);

    private static final int MOST = 10_000;

    private final Map<Log, Listed> listed = new ConcurrentHashMap<>();

    private record Log(UUID archive, int timeline) {}

    private record Listed(Lsn end, Instant at) {}

    /** Whether there was no log behind this position. */
    boolean isNothingBehind(UUID archive, int timeline, Lsn have, Instant now) {
        Listed last = listed.get(new Log(archive, timeline));
        return last != null
                && last.end().compareTo(have) <= 0
                && now.isBefore(last.at().plus(LASTS));
    }

    /** @param at before the store was listed */
    void listed(UUID archive, int timeline, Lsn end, Instant at) {
        if (listed.size() >= MOST) {
            listed.clear();
        }
        listed.put(new Log(archive, timeline), new Listed(end, at));
    }
}
