package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One level of a proof.
 *
 * @param at when it was decided; null if nothing was tried
 * @param evidence what was measured, in words: {@code "212 indexes and 148 tables in 3 databases"}; empty if nothing was
 * @param figures the same by name, in bytes, pieces and milliseconds
 * @param reason why it was not passed, naming the object; null if it was
 * @param remedy what a person can do about it; null where there is nothing to say
 */
public record ProofRung(
        ProofLevel level,
        ProofOutcome outcome,
        @Nullable Instant at,
        Duration duration,
        String evidence,
        Map<String, Long> figures,
        @Nullable String reason,
        @Nullable String remedy) {
    public ProofRung {
        figures = Map.copyOf(figures);
    }

    /** Not tried, since a level below was not passed or it was not asked for. */
    static ProofRung notChecked(ProofLevel level, String reason) {
        return new ProofRung(level, ProofOutcome.NOT_CHECKED, null, Duration.ZERO, "", Map.of(), reason, null);
    }
}
