package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProofTest {
    private static ProofRung rung(ProofLevel level, ProofOutcome outcome) {
        String reason = outcome == ProofOutcome.PASSED ? null : level + " is " + outcome;
        return new ProofRung(level, outcome, null, Duration.ZERO, "", Map.of(), reason, null);
    }

    private static Proof proof(ProofOutcome restored, ProofOutcome matched) {
        return new Proof(
                List.of(
                        rung(ProofLevel.STORED, ProofOutcome.PASSED),
                        rung(ProofLevel.INTACT, ProofOutcome.PASSED),
                        rung(ProofLevel.READABLE, ProofOutcome.PASSED),
                        rung(ProofLevel.RESTORED, restored),
                        rung(ProofLevel.MATCHED, matched)),
                List.of(),
                null);
    }

    @Test
    void rowsThatDifferFailEvenWhereTheRestCouldNotBeChecked() {
        Proof proof = proof(ProofOutcome.NOT_POSSIBLE, ProofOutcome.FAILED);
        assertAll(
                () -> assertTrue(proof.failed()),
                () -> assertEquals("MATCHED is FAILED", proof.reason()),
                () -> assertEquals(Optional.of(ProofLevel.READABLE), proof.level()));
    }

    @Test
    void whatThisMachineLacksDoesNotFailABackup() {
        Proof proof = proof(ProofOutcome.NOT_POSSIBLE, ProofOutcome.NOT_CHECKED);
        assertAll(() -> assertFalse(proof.failed()), () -> assertEquals("RESTORED is NOT_POSSIBLE", proof.reason()));
    }
}
