package dev.nightshift.finding;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A finding as it is kept.
 *
 * @param report as it was last reported, with the highest severity so far
 * @param open until the feature that reported it finds it gone
 * @param closedAt null while it is open
 * @param seen how often it was reported
 */
public record Finding(
        UUID id,
        FindingReport report,
        boolean open,
        Instant firstSeen,
        Instant lastSeen,
        @Nullable Instant closedAt,
        int seen) {}
