package dev.nightshift.finding;

import jakarta.json.JsonObject;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a feature found.
 *
 * @param fingerprint the same for the same trouble with the same subject, so that it is one finding however often it is
 *     seen: {@code "backup.proof:<instance id>"}; at most 500 characters
 * @param severity rises while the finding is open, and never falls: what is less bad than before is a new one, see
 *     {@link Findings#restate}
 * @param title in a line, without a full stop
 * @param detail what was seen, in sentences; no row data, no secret
 * @param remedy what to do; null where only a person who knows the situation can say
 * @param evidence figures, file names, positions, for programs and for those who look closer
 * @param run the run that found it; null if none did
 */
public record FindingReport(
        String fingerprint,
        Subject subject,
        Severity severity,
        String title,
        String detail,
        @Nullable String remedy,
        JsonObject evidence,
        @Nullable UUID run) {
    public FindingReport {
        if (fingerprint.isBlank() || fingerprint.length() > 500 || title.isBlank()) {
            throw new IllegalArgumentException("A finding has a fingerprint of at most 500 characters and a title.");
        }
    }
}
