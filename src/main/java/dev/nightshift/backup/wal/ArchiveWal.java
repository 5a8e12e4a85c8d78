package dev.nightshift.backup.wal;

import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.backup.stored.AesGcm;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.LogRemoved;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.Promotion;
import dev.nightshift.postgres.ReplicationSession;
import dev.nightshift.postgres.SystemIdentity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Archives a server's log over one replication session, until it is stopped or something fails: from where the archive ends,
 * through promotions, and past what the server has no more. Use an object once.
 */
public final class ArchiveWal {
    private final Endpoint endpoint;
    private final String slot;
    private final WalFolder.Opened archive;
    private final Duration every;
    private final Catalogue catalogue;
    private final int segmentBytes;
    private volatile @Nullable ReplicationSession session;
    private volatile @Nullable WalArchiver archiver;
    private volatile boolean stopping;

    /** What is known of the archive, and is told as it grows. */
    public interface Catalogue {
        /** Where the archive ends; null if it holds nothing yet. */
        @Nullable
        Reached reached();

        /**
         * The next log does not continue what is stored.
         *
         * @param gap why log is missing before it; null where none is: at the beginning, and with a new timeline
         */
        void begins(int timeline, Lsn from, @Nullable String gap);

        /** All log since it last began is stored up to here; the last object has so many bytes. */
        void stored(Lsn to, long objectBytes);

        /** The server sends its log. */
        void streams();

        /**
         * The server's log is another one than the archive holds: what comes from now on belongs into a new archive.
         *
         * @throws Failure.Retryable if that has to be seen again first: a server of before may answer for a moment
         */
        void diverged(String reason);
    }

    /** The end of an archive. */
    public record Reached(int timeline, Lsn to) {}

    /**
     * Does nothing yet.
     *
     * @param endpoint of the server, with a role that may replicate
     * @param slot its name on the server; made if it is missing
     * @param every how long log may wait to be stored
     */
    public ArchiveWal(Endpoint endpoint, String slot, WalFolder.Opened archive, Duration every, Catalogue catalogue) {
        this.endpoint = endpoint;
        this.slot = slot;
        this.archive = archive;
        this.every = every;
        this.catalogue = catalogue;
        this.segmentBytes = archive.description().segmentBytes();
    }

    /** Ends {@link #run} soon, with everything stored that has come; from another thread. */
    public void stop() {
        stopping = true;
        WalArchiver current = archiver;
        if (current != null) {
            current.stop();
        }
        ReplicationSession open = session;
        if (open != null) {
            open.poke();
        }
    }

    /** Cuts the connection: for a session that does not end by {@link #stop}. */
    public void abort() {
        stopping = true;
        ReplicationSession open = session;
        if (open != null) {
            open.abort();
        }
    }

    /** How long the server has said nothing; zero while there is no session. It answers every ten seconds at least. */
    public Duration silence() {
        ReplicationSession open = session;
        return open == null ? Duration.ZERO : open.silence();
    }

    /**
     * Archives.
     *
     * @throws Failure.Retryable if the connection or the store failed
     * @throws Failure.Skippable if the server refuses
     * @throws Failure.Fatal if another cluster answers than that of the archive
     */
    public void run() {
        AesGcm.warmUp();
        try (ReplicationSession open = ReplicationSession.open(endpoint)) {
            session = open;
            if (!stopping) {
                follow(open);
            }
        } catch (CancellationException e) {
            throw new Failure.Retryable("The session was cut.", null, e);
        } catch (Failure e) {
            if (!(e.getCause() instanceof WalDiverged diverged)) {
                throw e;
            }
            catalogue.diverged(String.valueOf(diverged.getMessage()));
        } finally {
            session = null;
        }
    }

    private void follow(ReplicationSession open) {
        SystemIdentity identity = require(open);
        Lsn held = open.ensureSlot(slot).segmentStart(segmentBytes);
        Reached at = resume(open, identity, held);
        if (at == null) {
            return;
        }
        boolean setBack = at.timeline() == identity.timeline()
                && identity.flushed().compareTo(at.to()) < 0
                && at.to().compareTo(held) > 0
                && open.show("in_hot_standby").equals("off");
        if (setBack) {
            catalogue.diverged(
                    "it is only at " + identity.flushed() + ", and had sent its log up to " + at.to() + " before");
            return;
        }
        while (!stopping) {
            at = stream(open, identity, held, at);
        }
    }

    private SystemIdentity require(ReplicationSession open) {
        SystemIdentity identity = open.identify();
        String expected = archive.description().systemIdentifier();
        if (!identity.systemIdentifier().equals(expected)) {
            throw new Failure.Fatal(
                    "Another cluster answers at " + endpoint + ": its system identifier is "
                            + identity.systemIdentifier() + ", the archive is of " + expected + ".",
                    "If the server was replaced on purpose, test the connection on the database's page: that takes note of the"
                            + " new one, and archiving begins anew.",
                    null);
        }
        int segment = open.walSegmentBytes();
        if (segment != segmentBytes) {
            throw new Failure.Fatal(
                    endpoint + " has log segments of " + segment + " bytes; those of the archive have " + segmentBytes
                            + ".",
                    "Turn archiving of this instance off and on again: that begins a new archive.",
                    null);
        }
        return identity;
    }

    /** Where to go on: the archive's end, or where the server's own history has left that behind. Null for a new archive. */
    private @Nullable Reached resume(ReplicationSession open, SystemIdentity identity, Lsn held) {
        Reached end = catalogue.reached();
        TimelineHistory history = history(open, identity.timeline());
        String other = end == null ? null : otherLog(open, history, end);
        if (other != null) {
            catalogue.diverged(other);
            return null;
        }
        if (identity.timeline() > 1) {
            saveHistory(open, identity.timeline());
        }
        if (end == null) {
            return beginAt(history, held, null);
        }
        if (end.timeline() == identity.timeline()) {
            return end;
        }
        TimelineHistory.Part left = history.part(end.timeline()).orElse(null);
        if (left == null) {
            return beside(history, end, held);
        }
        if (end.to().compareTo(left.to()) < 0) {
            return end; // the server still has to send the rest of the old timeline
        }
        return begin(open, history.at(left.to()), left.to());
    }

    /**
     * Why the archive may hold other log of the server's timeline already, so that one object would stand for two; null if it
     * does not.
     */
    private @Nullable String otherLog(ReplicationSession open, TimelineHistory history, Reached end) {
        String descent = "it is on timeline " + history.timeline() + ", which does not descend from timeline "
                + end.timeline() + " that the archive ends with";
        if (history.timeline() < end.timeline()) {
            if (open.show("in_hot_standby").equals("on")) {
                throw new Failure.Retryable(
                        "A standby that has not followed its primary's promotion yet answers at " + endpoint + ": "
                                + descent + ".",
                        "It goes on by itself once the standby follows; else look at its recovery_target_timeline.",
                        null);
            }
            return descent;
        }
        Lsn began = history.part(end.timeline()).map(TimelineHistory.Part::from).orElse(null);
        Lsn stored = StoredLog.ofHistory(archive, end.timeline())
                .history(end.timeline())
                .flatMap(text -> TimelineHistory.parse(end.timeline(), text).part(end.timeline()))
                .map(TimelineHistory.Part::from)
                .orElse(null);
        return began == null || stored == null || began.equals(stored)
                ? null
                : "its timeline " + end.timeline() + " began at " + began + ", that of the archive at " + stored;
    }

    /**
     * Another standby of the same primary was promoted, on a timeline that is newer than all of the archive: both have what was
     * before. Only what is of newer timelines is taken, as no object stands for that yet.
     */
    private Reached beside(TimelineHistory history, Reached end, Lsn held) {
        TimelineHistory.Part newer = history.parts().stream()
                .filter(part -> part.timeline() > end.timeline() && held.compareTo(part.to()) < 0)
                .findFirst()
                .orElseThrow();
        Lsn began = newer.from().segmentStart(segmentBytes);
        Lsn from = began.compareTo(held) < 0 ? held : began;
        catalogue.begins(
                newer.timeline(),
                from,
                "the server is on timeline " + history.timeline() + ", which does not descend from timeline "
                        + end.timeline() + " that the archive ended with");
        return new Reached(newer.timeline(), from);
    }

    private static TimelineHistory history(ReplicationSession open, int timeline) {
        return timeline == 1
                ? TimelineHistory.of(1)
                : TimelineHistory.parse(timeline, open.timelineHistory(timeline).text());
    }

    /** What a slot holds may be from before the server's newest timeline. */
    private Reached beginAt(TimelineHistory history, Lsn held, @Nullable String gap) {
        int timeline = history.at(held);
        catalogue.begins(timeline, held, gap);
        return new Reached(timeline, held);
    }

    private Reached begin(ReplicationSession open, int timeline, Lsn promotedAt) {
        saveHistory(open, timeline);
        Lsn from = promotedAt.segmentStart(segmentBytes);
        catalogue.begins(timeline, from, null);
        return new Reached(timeline, from);
    }

    private Reached stream(ReplicationSession open, SystemIdentity identity, Lsn held, Reached at) {
        Lsn start = WalArchiver.unitStart(at.to(), segmentBytes);
        WalArchiver current =
                new WalArchiver(archive.folder(), at.timeline(), segmentBytes, start, at.to(), every, catalogue);
        archiver = current;
        if (at.to().compareTo(start) > 0) {
            try {
                current.compareWith(stored(at, start));
            } catch (IOException e) {
                return beginAt(
                        history(open, identity.timeline()),
                        held,
                        "the archive's end at " + at.to() + " is not in its store any more: " + e.getMessage());
            }
        }
        if (stopping) {
            return at;
        }
        try {
            Promotion promotion = open.followWal(slot, start, at.timeline(), current);
            if (promotion == null) {
                return at;
            }
            current.storePiece();
            return begin(open, promotion.timeline(), promotion.at());
        } catch (LogRemoved e) {
            if (at.to().compareTo(held) >= 0) {
                throw new Failure.Retryable(
                        endpoint + " has removed log that its slot " + slot + " should have kept: " + e.getMessage(),
                        "Look at the server's log and its max_slot_wal_keep_size.",
                        e);
            }
            return beginAt(
                    history(open, identity.timeline()),
                    held,
                    "the server had removed the log after " + at.to() + " on timeline " + at.timeline());
        }
    }

    /** What the archive holds of a unit, up to where the catalogue says. */
    private byte[] stored(Reached upTo, Lsn unit) throws IOException {
        Lsn segment = unit.segmentStart(segmentBytes);
        int count = (int) (upTo.to().value() - unit.value());
        try (InputStream in =
                StoredLog.ofSegment(archive, upTo.timeline(), segment).open(upTo.timeline(), segment)) {
            in.skipNBytes(unit.value() - segment.value());
            byte[] stored = in.readNBytes(count);
            if (stored.length < count) {
                throw new DamageException("only " + stored.length + " of " + count + " bytes are there");
            }
            return stored;
        }
    }

    private void saveHistory(ReplicationSession open, int timeline) {
        byte[] text = open.timelineHistory(timeline).text().getBytes(StandardCharsets.UTF_8);
        try {
            archive.folder().put(StoredLog.historyName(timeline, text.length), text, 0, text.length);
        } catch (Failure.Conflict e) {
            // It is stored already
        }
    }
}
