package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What was proven about one backup, once. A level counts only if every level below it was passed in the same proof.
 *
 * @param ladder a rung for each level from {@link ProofLevel#STORED} to {@link ProofLevel#MATCHED}, in that order
 * @param notChecked what the passed levels do not cover, a sentence each
 * @param rto from the first byte read of the backup until the restored server, recovered to the first position that was
 *     asked for, answered; null if it did not come there
 */
public record Proof(
        List<ProofRung> ladder,
        List<String> notChecked,
        @Nullable Duration rto) {
    public Proof {
        ladder = List.copyOf(ladder);
        notChecked = List.copyOf(notChecked);
    }

    /** The highest level passed; empty if not even the first was. */
    public Optional<ProofLevel> level() {
        ProofLevel reached = null;
        for (ProofRung rung : ladder) {
            if (rung.outcome() != ProofOutcome.PASSED) {
                break;
            }
            reached = rung.level();
        }
        return Optional.ofNullable(reached);
    }

    /** The first rung that failed, or else was not possible: what is wrong outranks what could not be tried. */
    public Optional<ProofRung> stumbled() {
        return first(ProofOutcome.FAILED).or(() -> first(ProofOutcome.NOT_POSSIBLE));
    }

    private Optional<ProofRung> first(ProofOutcome outcome) {
        return ladder.stream().filter(rung -> rung.outcome() == outcome).findFirst();
    }

    /** Whether something is wrong with the backup. */
    public boolean failed() {
        return stumbled().filter(rung -> rung.outcome() == ProofOutcome.FAILED).isPresent();
    }

    /** Why it went no further, in a sentence; null if all that was asked for was passed. */
    public @Nullable String reason() {
        return stumbled().map(ProofRung::reason).orElse(null);
    }
}
