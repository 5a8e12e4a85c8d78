package dev.nightshift.backup.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
 * @param copies of the newest good backup; null if there is none
 */
public record Facts(
        Instant now,
        Instant registeredAt,
        @Nullable Instant backupAt,
        @Nullable Instant badAt,
        Log log,
        @Nullable Instant provenAt,
        @Nullable Drill drill,
        @Nullable Copies copies,
        Keys keys) {
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
     * Where a backup lies.
     *
     * @param stores that hold it with all that it needs, and none of it against which a proof speaks there
     * @param underWay whether the run that took it, or one that copies it, is not over
     */
    public record Copies(List<String> stores, boolean underWay) {
        public Copies {
            stores = List.copyOf(stores);
        }
    }

    /**
     * The keys that count. Those of a project, as it knows them.
     *
     * @param backupKeyMadeAt of the key that the newest good backup opens by; null without a backup, or where the key is not known
     * @param newestMadeAt of the key that wraps what is new; null where it was not asked for
     * @param newestInKit whether that one was put into a recovery kit or a key file, or came from a kit
     */
    public record Keys(
            @Nullable Instant backupKeyMadeAt, @Nullable Instant newestMadeAt, boolean newestInKit) {
        /** Where no goal is about them. */
        public static final Keys NOT_ASKED = new Keys(null, null, false);
    }

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
