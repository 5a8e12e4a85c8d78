package dev.nightshift.job;

import jakarta.enterprise.context.ApplicationScoped;
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
    private final Set<UUID> doubtful = ConcurrentHashMap.newKeySet();
    private final Map<UUID, Attempt> attempts = new ConcurrentHashMap<>();
    private final Map<UUID, Long> takers = new ConcurrentHashMap<>();
    private final Set<TargetRun> targets = ConcurrentHashMap.newKeySet();
    private volatile boolean handedOver;

    /** A claim whose answer is not known yet: it may have been made. */
    void doubt(UUID attempt) {
        doubtful.add(attempt);
    }

    void doubtNoMore(UUID attempt) {
        doubtful.remove(attempt);
    }

    List<UUID> doubtful() {
        return List.copyOf(doubtful);
    }

    void started(Attempt attempt) {
        attempts.put(attempt.id(), attempt);
    }

    /**
     * True if this process starts the attempt or works on it. An attempt is in doubt, then started, without a moment
     * between them: whoever read it in the ledger before and finds it neither here nor there knows that it is left.
     */
    boolean knows(UUID attempt) {
        return doubtful.contains(attempt) || attempts.containsKey(attempt);
    }

    /** True while a target of the attempt is worked on. */
    boolean isBusy(Attempt attempt) {
        return targets.stream().anyMatch(target -> target.isOf(attempt));
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
        return Optional.ofNullable(attempts.get(id));
    }

    List<Attempt> attempts() {
        return List.copyOf(attempts.values());
    }

    /** True if this process started the run's attempt and it has not ended. */
    boolean works(UUID run) {
        return attempts.values().stream().anyMatch(attempt -> attempt.run().equals(run));
    }

    /**
     * How many more runs this node takes. One whose targets all wait for locks of others keeps nothing busy and leaves its
     * place to another; as many as there are places may wait beside, no more.
     *
     * @param places runs that the node works on at once
     */
    int room(int places) {
        int waiting = (int) attempts.values().stream().filter(this::isWaiting).count();
        return room(places, attempts.size(), waiting);
    }

    static int room(int places, int attempts, int waiting) {
        return Math.min(places - (attempts - waiting), 2 * places - attempts);
    }

    private boolean isWaiting(Attempt attempt) {
        List<TargetRun> its = of(attempt);
        return !its.isEmpty() && its.stream().allMatch(TargetRun::isWaiting);
    }

    /** The node goes down: all work here ends and is left to others. */
    void handOver() {
        handedOver = true;
        targets.forEach(target -> target.signal().handOver());
    }

    boolean handedOver() {
        return handedOver;
    }

    /** Attempts of other nodes of which this process works on targets. */
    Set<Attempt> guests() {
        return targets.stream()
                .map(TargetRun::of)
                .filter(attempt -> !attempts.containsKey(attempt.id()))
                .collect(Collectors.toSet());
    }

    boolean worksOn(UUID target) {
        return targets.stream().anyMatch(each -> each.targetId().equals(target));
    }

    void add(TargetRun target) {
        targets.add(target);
    }

    void remove(TargetRun target) {
        targets.remove(target);
    }

    List<TargetRun> of(Attempt attempt) {
        return targets.stream().filter(target -> target.isOf(attempt)).collect(Collectors.toList());
    }
}
