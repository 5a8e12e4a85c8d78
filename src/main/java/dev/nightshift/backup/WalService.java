package dev.nightshift.backup;

import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.ProjectId;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whether and how the log of an instance is archived, and how that goes.
 *
 * @param slot its name on the server
 * @param message why, where the state needs a reason
 * @param stateAt since when it is in this state
 * @param archive the archive that is written to; null before the first
 * @param retainedBytes of log that the server kept for the slot at the last look; null if that is not known
 * @param slotStatus as the server says it: reserved, extended, unreserved, lost
 * @param lookedAt when the server was asked last
 */
record WalService(
        ProjectId project,
        UUID instance,
        boolean enabled,
        Settings settings,
        String slot,
        State state,
        @Nullable String message,
        Instant stateAt,
        @Nullable UUID archive,
        @Nullable Long retainedBytes,
        @Nullable String slotStatus,
        @Nullable Instant lookedAt) {
    /** What becomes of it. */
    enum State {
        OFF,
        STARTING,
        STREAMING,
        /** It is tried again, for as long as it takes. */
        FAILING,
        /** The slot was dropped so that the server's disk does not fill: a person has to switch it on again. */
        GIVEN_UP,
        /** It was switched off, and the slot is still to be dropped. */
        STOPPING
    }

    /**
     * What people choose.
     *
     * @param pieceSeconds log waits no longer than this before it is stored, 5 to 3600
     * @param retainedLimitBytes of log that the server may keep for the slot before that is an alarm
     * @param giveUp whether the slot is then dropped as well, and a gap taken for it
     * @param store its name; a change begins another archive there
     * @param rpoGoalSeconds how old the newest stored moment may be before that is an alarm, 30 s to a week
     */
    record Settings(int pieceSeconds, long retainedLimitBytes, boolean giveUp, int rpoGoalSeconds, String store) {
        /** A stored moment is half a minute old; ten gigabytes fit beside most databases. */
        static final Settings STANDARD = new Settings(30, 10L << 30, false, 900, Stores.LOCAL);

        Duration piece() {
            return Duration.ofSeconds(pieceSeconds);
        }

        Duration rpoGoal() {
            return Duration.ofSeconds(rpoGoalSeconds);
        }
    }

    /** The duty of the node that archives it. */
    static String duty(UUID instance) {
        return DUTIES + instance;
    }

    static final String DUTIES = "wal:";

    /** Nightshift's slot for an instance: its name says whose it is to whoever finds it. */
    static String slot(UUID instance) {
        return "nightshift_wal_" + instance.toString().replace('-', '_');
    }
}
