package dev.nightshift.backup.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the catalogue holds of a server, as it was at one moment.
 *
 * @param now by the repository's clock
 * @param registeredAt since when backups of it could have been taken
 * @param backupAt when the newest backup ended against which nothing speaks; null for none
 * @param badAt when a newer one ended that does not count; null for none
 * @param log how far the archived log goes on from that backup
 * @param provenAt null if no proof stands
 * @param drill the newest drill that measured and still stands; null for none
 */
public record Facts(
        Instant now,
        Instant registeredAt,
        @Nullable Instant backupAt,
        @Nullable Instant badAt,
        Log log,
        @Nullable Instant provenAt,
        @Nullable Drill drill) {
    /** The newest moment that can be restored to; empty if there is none. */
    public Optional<Instant> restorableTo() {
        Instant covered = log.reach() == Reach.GOES_ON ? log.coveredTo() : null;
        return covered != null && backupAt != null && covered.isAfter(backupAt)
                ? Optional.of(covered)
                : Optional.ofNullable(backupAt);
    }

    /**
     * A drill, and how long it took until the restored server answered.
     *
     * @param backupAt when the backup ended that it restored
     * @param bytes of the largest backup in the chain of that one
     * @param newestBytes likewise of the newest good backup
     */
    public record Drill(Instant at, Duration took, Instant backupAt, long bytes, long newestBytes) {}

    /**
     * The log behind the newest good backup.
     *
     * @param coveredTo of GOES_ON alone, the source's clock: all that the server had acknowledged by then is stored
     */
    public record Log(Reach reach, @Nullable Instant coveredTo) {}

    /** How the archived log lies to the newest good backup. */
    public enum Reach {
        /** Nothing is archived of this cluster. */
        NONE,
        /** It does not go on from the backup without a gap. */
        GAP,
        /** It goes on from there, and has not come past it, or no moment is known yet. */
        BEHIND,
        /** It goes on from there without a gap to a moment that is known. */
        GOES_ON
    }
}
