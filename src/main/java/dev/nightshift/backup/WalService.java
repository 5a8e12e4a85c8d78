package dev.nightshift.backup;

import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.ProjectId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whether and how the log of an instance is archived, and how that goes.
 *
 * @param slot its name on the server
 * @param message why, where the state needs a reason
 * @param stateAt since when it is in this state
 * @param chosenAt when it was switched on or off last
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
        Instant chosenAt,
        @Nullable UUID archive,
        @Nullable Long retainedBytes,
        @Nullable String slotStatus,
        @Nullable Instant lookedAt) {
    /** What becomes of it. */
    enum State {
        OFF,
        STARTING,
        STREAMING,
        /** The server pushes its log, and what it pushed last is stored. */
        RECEIVING,
        /** It is tried again, for as long as it takes. */
        FAILING,
        /** The slot is about to be dropped, for the reason that the message gives. */
        GIVING_UP,
        /** The slot was dropped so that the server's disk does not fill: a person has to switch it on again. */
        GIVEN_UP,
        /** It was switched off, and the slot is still to be dropped. */
        STOPPING
    }

    /** How the log comes. */
    enum Method {
        /** From a replication slot, as the server writes it. */
        STREAM,
        /** By the server's archive_command, a segment at a time; the server keeps no slot for it. */
        PUSH
    }

    /**
     * What people choose.
     *
     * @param pieceSeconds log waits no longer than this before it is stored, 5 to 3600
     * @param retainedLimitBytes of log that the server may keep for the slot before that is an alarm
     * @param giveUp whether the slot is then dropped as well, and a gap taken for it
     * @param store its name; a change begins another archive there
     * @param rpoGoalSeconds how old the newest stored moment may be before that is an alarm, 30 s to a week
     * @param method how it comes; of what is pushed the pieces, the limit and giving up mean nothing
     */
    record Settings(
            int pieceSeconds,
            long retainedLimitBytes,
            boolean giveUp,
            int rpoGoalSeconds,
            String store,
            Method method) {
        /** A stored moment is half a minute old; ten gigabytes fit beside most databases. */
        static final Settings STANDARD = new Settings(30, 10L << 30, false, 900, Stores.LOCAL, Method.STREAM);

        Duration piece() {
            return Duration.ofSeconds(pieceSeconds);
        }

        Duration rpoGoal() {
            return Duration.ofSeconds(rpoGoalSeconds);
        }
    }

    /** Whether the server pushes it. */
    boolean pushed() {
        return settings.method() == Method.PUSH;
    }

    /** The archive whose end is held against what the server sends. */
    Optional<UUID> streamsTo() {
        return pushed() ? Optional.empty() : Optional.ofNullable(archive);
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
