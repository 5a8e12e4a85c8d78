package dev.nightshift.backup.proof;

import static dev.nightshift.backup.read.ProofLevel.INTACT;
import static dev.nightshift.backup.read.ProofLevel.MATCHED;
import static dev.nightshift.backup.read.ProofLevel.READABLE;
import static dev.nightshift.backup.read.ProofLevel.RESTORED;
import static dev.nightshift.backup.read.ProofLevel.STORED;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.sandbox.Sandboxes;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Climbs the ladder of proof with one backup, rung by rung, until one is not passed. */
public final class ProveBackup {
    private static final String NOT_ASKED = "It was not asked for.";
    private static final String BELOW = "A level before was not passed.";
    private static final String NO_EVIDENCE = "The backup holds no evidence of rows that could be compared.";
    private static final String DIFFERENT =
            "Do not rely on this backup. Take another one at once, and find out which of source, network and store changed"
                    + " the rows.";
    private static final String DAMAGED = "Use another backup, or another copy of this one, and look at the store.";
    private static final ProofEvidence NOTHING = new ProofEvidence("", Map.of());

    private final Sandboxes sandboxes;
    private final List<Path> programs;
    private final Clock clock;

    /** @param programs folders of server programs to look in before the usual ones, as in {@link Binaries#find} */
    public ProveBackup(Sandboxes sandboxes, List<Path> programs, Clock clock) {
        this.sandboxes = sandboxes;
        this.programs = List.copyOf(programs);
        this.clock = clock;
    }

    /**
     * Proves a backup. What is wrong with it, or with this machine, is in the result.
     *
     * @throws CancellationException if the watch said so; nothing is left then either
     * @throws Failure.Retryable if the store or the sandbox's disk cannot be used now
     * @throws Failure.Unusable if the store refuses, which says nothing of the backup
     */
    public Proof run(Provable material, ProofOptions options, ProofWatch watch) {
        stopIfAsked(watch);
        List<ProofRung> ladder = new ArrayList<>(verify(material, options, watch));
        Restored restored = new Restored(material, options, watch);
        ladder.add(restore(ladder, options, watch, restored));
        ladder.add(matched(ladder, options, restored));
        return new Proof(ladder, restored.notChecked, restored.rto);
    }

    private List<ProofRung> verify(Provable material, ProofOptions options, ProofWatch watch) {
        ProofLevel upTo = options.upTo().compareTo(READABLE) < 0 ? options.upTo() : READABLE;
        Instant began = clock.now();
        Map<ProofLevel, ProofRung> tried = new EnumMap<>(ProofLevel.class);
        try {
            Instant at = began;
            for (Provable.Verified verified : material.verify(upTo, watch)) {
                at = at.plus(verified.took());
                ProofOutcome outcome = verified.damage() == null ? ProofOutcome.PASSED : ProofOutcome.FAILED;
                tried.put(
                        verified.level(),
                        new ProofRung(
                                verified.level(),
                                outcome,
                                at,
                                verified.took(),
                                verified.evidence().text(),
                                verified.evidence().figures(),
                                verified.damage(),
                                outcome == ProofOutcome.PASSED ? null : DAMAGED));
            }
        } catch (NotPossibleHere e) {
            tried.put(STORED, notPossible(STORED, began, e));
        }
        boolean passed = tried.values().stream().allMatch(rung -> rung.outcome() == ProofOutcome.PASSED);
        return Stream.of(STORED, INTACT, READABLE)
                .map(level -> tried.getOrDefault(level, ProofRung.notChecked(level, passed ? NOT_ASKED : BELOW)))
                .toList();
    }

    private ProofRung restore(List<ProofRung> below, ProofOptions options, ProofWatch watch, Restored attempt) {
        if (below.stream()
                .anyMatch(rung -> rung.reason() != null && !rung.reason().equals(NOT_ASKED))) {
            return ProofRung.notChecked(RESTORED, BELOW);
        }
        if (options.upTo().compareTo(RESTORED) < 0) {
            return ProofRung.notChecked(RESTORED, NOT_ASKED);
        }
        stopIfAsked(watch);
        Instant began = clock.now();
        try {
            ProofEvidence evidence = attempt.run();
            return rung(ProofOutcome.PASSED, began, evidence, null, null);
        } catch (NotPossibleHere e) {
            return notPossible(RESTORED, began, e);
        } catch (Failure.Unusable e) {
            throw e;
        } catch (Failure.Fatal e) {
            return rung(ProofOutcome.FAILED, began, NOTHING, e.getMessage(), e.remedy());
        }
    }

    /** Was compared on the way, while recovery paused. */
    private ProofRung matched(List<ProofRung> below, ProofOptions options, Restored attempt) {
        MatchRows match = attempt.match;
        if (options.upTo().compareTo(MATCHED) < 0) {
            return ProofRung.notChecked(MATCHED, NOT_ASKED);
        }
        String failure = match == null ? null : match.failure();
        // What was found to differ counts, even if this machine could not go on to check the rest
        if (match == null || (failure == null && below.get(below.size() - 1).outcome() != ProofOutcome.PASSED)) {
            return ProofRung.notChecked(MATCHED, BELOW);
        }
        if (failure == null && !match.compared()) {
            return ProofRung.notChecked(MATCHED, NO_EVIDENCE);
        }
        return new ProofRung(
                MATCHED,
                failure == null ? ProofOutcome.PASSED : ProofOutcome.FAILED,
                clock.now(),
                match.took(),
                failure == null ? match.evidence().text() : "",
                match.evidence().figures(),
                failure,
                failure == null ? null : DIFFERENT);
    }

    private static void stopIfAsked(ProofWatch watch) {
        if (watch.stopped()) {
            throw new CancellationException("The proof was stopped.");
        }
    }

    private ProofRung notPossible(ProofLevel level, Instant began, NotPossibleHere e) {
        Instant now = clock.now();
        return new ProofRung(
                level,
                ProofOutcome.NOT_POSSIBLE,
                now,
                Duration.between(began, now),
                "",
                Map.of(),
                "Cannot be proven here: " + e.getMessage(),
                e.remedy());
    }

    private ProofRung rung(
            ProofOutcome outcome,
            Instant began,
            ProofEvidence evidence,
            @Nullable String reason,
            @Nullable String remedy) {
        Instant now = clock.now();
        return new ProofRung(
                RESTORED,
                outcome,
                now,
                Duration.between(began, now),
                evidence.text(),
                evidence.figures(),
                reason,
                remedy);
    }

    /** The last two rungs, with a sandbox around it that is gone afterwards. */
    private final class Restored {
        private final Provable material;
        private @Nullable MatchRows match;
        private final ProofOptions options;
        private final ProofWatch watch;
        private List<String> notChecked = List.of();
        private @Nullable Duration rto;

        Restored(Provable material, ProofOptions options, ProofWatch watch) {
            this.material = material;
            this.options = options;
            this.watch = watch;
        }

        ProofEvidence run() {
            Binaries binaries = InSandbox.binaries(material.major(), programs);
            return InSandbox.run(
                    sandboxes,
                    "proof of " + material.name(),
                    material.room(),
                    material.needed(),
                    options.limits(),
                    watch,
                    sandbox -> run(sandbox, binaries));
        }

        private ProofEvidence run(Sandbox sandbox, Binaries binaries) {
            RestoreInSandbox restore = material.in(sandbox, options, watch);
            try {
                return restore.run(binaries);
            } finally {
                notChecked = List.copyOf(restore.notChecked());
                rto = restore.rto();
                match = restore.match();
            }
        }
    }
}
