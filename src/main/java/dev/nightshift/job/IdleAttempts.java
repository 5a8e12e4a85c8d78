package dev.nightshift.job;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Tells attempts whose batch job has come to nothing without a word: the runtime writes to the repository too, and a job
 * whose thread an outage ended calls no listener. They are known by having no target that is worked on, at one heartbeat
 * after the other: while heartbeats succeed, nobody waits for the repository longer than a few seconds.
 */
final class IdleAttempts {
    /** Ten minutes of heartbeats; the gaps before, between and after targets are seconds. */
    static final int BEATS = 120;

    private final Map<UUID, Integer> beats = new HashMap<>();

    /** Counts one heartbeat; answers the attempts that have been idle for too many. */
    List<Attempt> after(Collection<Attempt> attempts, Predicate<Attempt> busy) {
        beats.keySet().retainAll(attempts.stream().map(Attempt::id).toList());
        var idle = new ArrayList<Attempt>();
        for (Attempt attempt : attempts) {
            if (busy.test(attempt)) {
                beats.remove(attempt.id());
            } else if (beats.merge(attempt.id(), 1, Integer::sum) >= BEATS) {
                beats.remove(attempt.id());
                idle.add(attempt);
            }
        }
        return idle;
    }
}
