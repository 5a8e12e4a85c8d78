package dev.nightshift.backup.wal;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Puts a file that a server pushes into an archive: in the same form, by the same means and as durable as what is streamed.
 * Nothing that is stored is ever replaced.
 */
public final class StoreSegment {
    private final WalFolder.Opened archive;
    private final int segmentBytes;

    /** What became of a file. */
    public enum Outcome {
        /** It was stored now. */
        STORED,
        /** The very same was stored before. */
        PRESENT
    }

    /** Told before and after an object is stored, as the catalogue of what is streamed is. */
    public interface Catalogue {
        /**
         * Not all of the segment is there, and what is there is the same.
         *
         * @throws RuntimeException if it is not to be stored; nothing is
         */
        default void lacks() {}

        /** Log of this timeline will be stored from here on, unless it is there already. */
        void begins(Lsn from);

        /** All from there up to here is stored; the last object has so many bytes. */
        void stored(Lsn to, long objectBytes);
    }

    public StoreSegment(WalFolder.Opened archive) {
        this.archive = archive;
        this.segmentBytes = archive.description().segmentBytes();
    }

    /**
     * Of whom and what a segment is, before any archive is opened.
     *
     * @return how long its log's segments are
     * @throws Failure.Conflict if it is no segment, or another one than its name says, or of another cluster
     */
    public static int require(LogFile file, byte[] content, String systemIdentifier) {
        SegmentHeader header = SegmentHeader.parse(file.name(), content);
        if (!header.systemIdentifier().equals(systemIdentifier)) {
            throw new Failure.Conflict(
                    file.name() + " is of another cluster: its system identifier is " + header.systemIdentifier()
                            + ", that of the server is " + systemIdentifier + ".",
                    null);
        }
        if (content.length != header.segmentBytes()) {
            throw new Failure.Conflict(
                    file.name() + " has " + content.length + " bytes; segments of its log have " + header.segmentBytes()
                            + ".",
                    null);
        }
        Lsn start = file.start(header.segmentBytes());
        if (!header.start().equals(start) || header.timeline() < 1 || header.timeline() > file.timeline()) {
            throw new Failure.Conflict(
                    file.name() + " is another segment than its name says: its first page is at " + header.start()
                            + " on timeline " + header.timeline() + ".",
                    null);
        }
        return header.segmentBytes();
    }

    /** Whether a segment was written to its end. Of a file that is none, or of which a part counts, nothing is asked. */
    public static boolean isFull(LogFile file, byte[] content) {
        return file.kind() != LogFile.Kind.SEGMENT || SegmentEnd.isReached(content);
    }

    /**
     * Whether an archive holds all of a segment already, the same.
     *
     * @throws Failure.Conflict if what it holds is something else
     * @throws Failure.Retryable if it cannot be read now
     */
    public boolean holds(int timeline, Lsn start, byte[] content, int length) {
        Lsn held = heldTo(timeline, start);
        if (held.compareTo(start) <= 0) {
            return false;
        }
        int count = (int) Math.min(held.value() - start.value(), length);
        try (InputStream in = StoredLog.ofSegment(archive, timeline, start).open(timeline, start)) {
            byte[] stored = in.readNBytes(count);
            if (!Arrays.equals(stored, 0, stored.length, content, 0, count)) {
                throw new Failure.Conflict(
                        "The archive holds another " + start.segmentName(timeline, segmentBytes)
                                + " than this one, and keeps what it holds.",
                        "If a copy of the server pushes, switch its archive_command off. If the server itself was set back to an earlier"
                                + " state, register it anew under another name, push under that name and take a backup.");
            }
        } catch (IOException e) {
            throw unread(e);
        }
        return count == length;
    }

    private Lsn heldTo(int timeline, Lsn start) {
        return StoredLog.ofSegment(archive, timeline, start).stretches().stream()
                .filter(each -> each.from().equals(start))
                .map(ArchivedLog.Stretch::to)
                .findFirst()
                .orElse(start);
    }

    private Failure unread(IOException e) {
        return new Failure.Retryable(
                "What is stored in " + archive.folder() + " cannot be read: " + e.getMessage(), "Check the store.", e);
    }

    /**
     * Stores a segment, or its beginning.
     *
     * @param length all of the segment, or up to where its timeline was left
     * @throws Failure.Conflict if the archive holds something else in its place
     * @throws Failure.Retryable if the store cannot take it now
     */
    public Outcome store(int timeline, Lsn start, byte[] content, int length, Catalogue catalogue) {
        Lsn end = start.plus(length);
        if (holds(timeline, start, content, length)) {
            catalogue.begins(start);
            catalogue.stored(end, 0); // the one that stored it may have been cut off before it could say so
            return Outcome.PRESENT;
        }
        catalogue.lacks();
        catalogue.begins(start);
        Written written = new Written();
        WalArchiver archiver =
                new WalArchiver(archive.folder(), timeline, segmentBytes, start, start, Duration.ofDays(1), written);
        for (int at = 0; at < length; at += WalArchiver.MOST_UNIT_BYTES) {
            int unit = Math.min(WalArchiver.MOST_UNIT_BYTES, length - at);
            try {
                archiver.write(start.plus(at), new ByteArrayInputStream(content, at, unit), unit);
            } catch (IOException e) {
                throw unread(e);
            }
            archiver.storePiece();
            // Before the next one: what two that push at once have stored is all of it the log of one of them
            if (written.takeMet() && !holds(timeline, start, content, at + unit)) {
                throw new Failure.Retryable(
                        "Only a part of " + start.segmentName(timeline, segmentBytes) + " is stored.", null, null);
            }
        }
        catalogue.stored(end, written.bytes);
        return Outcome.STORED;
    }

    /** Tells the catalogue once all is stored and known to be the same. */
    private static final class Written implements ArchiveWal.Catalogue {
        private long bytes;
        private boolean met;

        /** Whether an object of somebody else's was there since it was asked last. */
        boolean takeMet() {
            boolean before = met;
            met = false;
            return before;
        }

        @Override
        public ArchiveWal.@Nullable Reached reached() {
            return null;
        }

        @Override
        public void begins(int timeline, Lsn from, @Nullable String gap) {}

        @Override
        public void stored(Lsn to, long objectBytes) {
            bytes += objectBytes;
            met |= objectBytes == 0; // an object of this name was there: somebody else pushes as well
        }

        @Override
        public void streams() {}

        @Override
        public void diverged(String reason) {}
    }

    /** The history of a timeline, if the archive holds it. */
    public Optional<TimelineHistory> history(int timeline) {
        return StoredLog.ofHistory(archive, timeline)
                .history(timeline)
                .map(text -> TimelineHistory.parse(timeline, text));
    }

    /**
     * Stores a history file.
     *
     * @throws Failure.Conflict if it is none, or the archive holds another one
     */
    public Outcome storeHistory(int timeline, byte[] content) {
        String text = new String(content, StandardCharsets.UTF_8);
        try {
            List<TimelineHistory.Part> parts =
                    TimelineHistory.parse(timeline, text).parts();
            if (parts.size() < 2 || !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), content)) {
                throw new IllegalArgumentException("It names no timeline before.");
            }
        } catch (IllegalArgumentException e) {
            throw new Failure.Conflict("This is no history of timeline " + timeline + ": " + e.getMessage(), null);
        }
        Optional<String> before = StoredLog.ofHistory(archive, timeline).history(timeline);
        if (before.isPresent()) {
            if (before.get().equals(text)) {
                return Outcome.PRESENT;
            }
            throw new Failure.Conflict(
                    "The archive holds another history of timeline " + timeline
                            + ", and keeps it: two servers were promoted to the same timeline.",
                    "Archive one of them under a name of its own.");
        }
        archive.folder().put(StoredLog.historyName(timeline, content.length), content, 0, content.length);
        return Outcome.STORED;
    }
}
