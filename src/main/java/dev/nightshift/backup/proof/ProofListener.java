package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** Tells the watch, and knows when each level began. */
final class ProofListener implements BackupProgress {
    /** The levels that need no server, in their order. */
    static final List<ProofLevel> LEVELS = List.of(ProofLevel.STORED, ProofLevel.INTACT, ProofLevel.READABLE);

    private final ProofWatch watch;
    private final ProofWatch.Step step;
    private final Map<ProofLevel, Long> began = new EnumMap<>(ProofLevel.class);
    private ProofLevel level;

    ProofListener(ProofWatch watch, ProofWatch.Step step, ProofLevel first) {
        this.watch = watch;
        this.step = step;
        this.level = first;
        began.put(first, System.nanoTime());
    }

    @Override
    public void phase(Phase phase) {
        if (step == ProofWatch.Step.VERIFY) {
            level = phase == Phase.HASH ? ProofLevel.INTACT : ProofLevel.READABLE;
            began.putIfAbsent(level, System.nanoTime());
        }
        stopIfAsked();
    }

    @Override
    public void bytes(long done, long estimated) {
        watch.progress(step, level, done, estimated);
        stopIfAsked();
    }

    @Override
    public void note(String message) {
        watch.note(message);
    }

    /** Whatever is open is closed, and what was restored removed, on the way out. */
    private void stopIfAsked() {
        if (watch.stopped()) {
            throw new CancellationException("The proof was stopped.");
        }
    }

    /** From this level's beginning to the next one's, or to the end. */
    Duration took(ProofLevel of, Duration all) {
        long start = began.getOrDefault(ProofLevel.STORED, 0L);
        long from = began.getOrDefault(of, start + all.toNanos());
        long to = LEVELS.stream()
                .filter(other -> other.compareTo(of) > 0 && began.containsKey(other))
                .mapToLong(other -> began.getOrDefault(other, 0L))
                .min()
                .orElse(start + all.toNanos());
        return Duration.ofNanos(Math.max(0, to - from));
    }
}
