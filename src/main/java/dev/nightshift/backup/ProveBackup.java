package dev.nightshift.backup;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Quota;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.sandbox.Sandboxes;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Climbs the ladder of proof with one backup, rung by rung, until one is not passed. */
public final class ProveBackup {
    private static final Duration LOOK = Duration.ofMillis(250);

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
     */
    public Proof run(ProofMaterial material, ProofOptions options, ProofWatch watch) {
        List<ProofRung> ladder = new ArrayList<>();
        for (ProofLevel level : List.of(ProofLevel.STORED, ProofLevel.INTACT, ProofLevel.READABLE)) {
            ladder.add(rung(level, ladder, options, watch, () -> material.verify(level, watch)));
        }
        Restored restored = new Restored(material, options, watch);
        ladder.add(rung(ProofLevel.RESTORED, ladder, options, watch, restored));
        return new Proof(ladder, restored.notChecked, restored.rto);
    }

    private interface Attempt {
        ProofEvidence run();
    }

    private ProofRung rung(
            ProofLevel level, List<ProofRung> below, ProofOptions options, ProofWatch watch, Attempt attempt) {
        if (below.stream().anyMatch(rung -> rung.outcome() != ProofOutcome.PASSED)) {
            return ProofRung.notChecked(level, "A level before was not passed.");
        }
        if (level.compareTo(options.upTo()) > 0) {
            return ProofRung.notChecked(level, "It was not asked for.");
        }
        if (watch.stopped()) {
            throw new CancellationException("The proof was stopped.");
        }
        Instant began = clock.now();
        try {
            ProofEvidence evidence = attempt.run();
            return rung(level, ProofOutcome.PASSED, began, evidence, null, null);
        } catch (NotPossibleHere e) {
            String reason = "Cannot be proven here: " + e.getMessage();
            return rung(level, ProofOutcome.NOT_POSSIBLE, began, new ProofEvidence("", Map.of()), reason, e.remedy());
        } catch (Failure.Fatal e) {
            return rung(level, ProofOutcome.FAILED, began, new ProofEvidence("", Map.of()), e.getMessage(), e.remedy());
        }
    }

    private ProofRung rung(
            ProofLevel level,
            ProofOutcome outcome,
            Instant began,
            ProofEvidence evidence,
            @Nullable String reason,
            @Nullable String remedy) {
        Instant now = clock.now();
        return new ProofRung(
                level, outcome, now, Duration.between(began, now), evidence.text(), evidence.figures(), reason, remedy);
    }

    /** The last rung, with a sandbox around it that is gone afterwards. */
    private final class Restored implements Attempt {
        private final ProofMaterial material;
        private final ProofOptions options;
        private final ProofWatch watch;
        private List<String> notChecked = List.of();
        private @Nullable Duration rto;

        Restored(ProofMaterial material, ProofOptions options, ProofWatch watch) {
            this.material = material;
            this.options = options;
            this.watch = watch;
        }

        @Override
        public ProofEvidence run() {
            Binaries binaries = binaries();
            Bytes room = ProofRestore.room(material.plainSize());
            Bytes free = sandboxes.freeSpace();
            if (free.value() < material.plainSize().value()) {
                throw new NotPossibleHere(
                        "The restored files take " + material.plainSize() + ", free are " + free + ".",
                        "Make room where NIGHTSHIFT_DATA lies.");
            }
            try (Sandbox sandbox =
                    sandboxes.create("proof of " + material.name(), Quota.ofDisk(room), options.timeToLive())) {
                Thread stopper = stopper(sandbox);
                ProofRestore restore = new ProofRestore(material, options, watch, sandbox);
                try {
                    return restore.run(binaries);
                } catch (RuntimeException e) {
                    if (watch.stopped() && !(e instanceof CancellationException)) {
                        throw new CancellationException("The proof was stopped.");
                    }
                    throw e;
                } finally {
                    stopper.interrupt();
                    notChecked = List.copyOf(restore.notChecked());
                    rto = restore.rto();
                }
            }
        }

        private Binaries binaries() {
            try {
                return Binaries.require(material.major(), programs);
            } catch (Failure.Skippable e) {
                throw new NotPossibleHere(String.valueOf(e.getMessage()), e.remedy(), e);
            }
        }

        /** A check of a large table is one statement: only the end of its server stops it. */
        private Thread stopper(Sandbox sandbox) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            while (!watch.stopped()) {
                                TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
                            }
                            sandbox.kill("the proof was stopped");
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    },
                    "proof-stop-" + sandbox.id());
            thread.setDaemon(true);
            thread.start();
            return thread;
        }
    }
}
