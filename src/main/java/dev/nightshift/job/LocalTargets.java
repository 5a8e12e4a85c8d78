package dev.nightshift.job;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** What runs in this process right now: attempts that were started and targets that are worked on. */
@ApplicationScoped
class LocalTargets {
    private record Started(Attempt attempt, Instant at) {}

    private final Map<UUID, Started> attempts = new ConcurrentHashMap<>();
    private final Map<UUID, Long> takers = new ConcurrentHashMap<>();
    private final Set<TargetRun> targets = ConcurrentHashMap.newKeySet();
    private volatile boolean handedOver;

    void started(Attempt attempt, Instant now) {
        attempts.put(attempt.id(), new Started(attempt, now));
    }

    /** The runtime did not start it, as far as is known: should a batch job have taken it all the same, it stays that one's. */
    void notStarted(UUID attempt) {
        attempts.remove(attempt);
    }

    void ended(UUID attempt) {
        attempts.remove(attempt);
        takers.remove(attempt);
    }

    /**
     * Makes a batch job the one that works on an attempt of this process. Where the runtime started a second one after
     * all, that one neither works on the attempt nor ends it.
     *
     * @return false if another batch job has it
     */
    boolean takes(UUID attempt, long batchJob) {
        Long first = takers.putIfAbsent(attempt, batchJob);
        return first == null || first == batchJob;
    }

    Optional<Attempt> attempt(UUID id) {
        return Optional.ofNullable(attempts.get(id)).map(Started::attempt);
    }

    List<Attempt> attempts() {
        return attempts.values().stream().map(Started::attempt).toList();
    }

    /** True if this process started the run's attempt and it has not ended. */
    boolean works(UUID run) {
        return attempts.values().stream()
                .anyMatch(started -> started.attempt().run().equals(run));
    }

    int size() {
        return attempts.size();
    }

    /** The node goes down: all work here ends and is left to others. */
    void handOver() {
        handedOver = true;
        targets.forEach(TargetRun::handOver);
    }

    boolean handedOver() {
        return handedOver;
    }

    void add(TargetRun target) {
        targets.add(target);
    }

    void remove(TargetRun target) {
        targets.remove(target);
    }

    List<TargetRun> of(UUID run) {
        return targets.stream().filter(target -> target.runId().equals(run)).collect(Collectors.toList());
    }
}
