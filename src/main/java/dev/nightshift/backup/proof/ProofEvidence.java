package dev.nightshift.backup.proof;

import java.util.Map;

/**
 * What a passed level measured.
 *
 * @param text for people: {@code "1,204 objects, 312.4 MB"}
 * @param figures by name, in bytes, pieces and milliseconds
 */
public record ProofEvidence(String text, Map<String, Long> figures) {
    public ProofEvidence {
        figures = Map.copyOf(figures);
    }
}
