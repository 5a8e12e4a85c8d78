package dev.nightshift.backup.wal;

import dev.nightshift.backup.read.WalPiece;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.SealedFolder;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.WalSink;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts a timeline's log into an archive as it comes. What of a unit has come is stored now and then as pieces, so that little is
 * lost with the server; once all of a unit is here it is stored whole, and its pieces go. A position counts as flushed only
 * when it is stored: until then the server's slot keeps it. One thread writes; {@link #stop} is for others.
 */
final class WalArchiver implements WalSink {
    /** A unit is held in memory, so segments that are larger are stored in parts. */
    static final int MOST_UNIT_BYTES = 16 << 20;

    /** So many pieces are joined in one. */
    private static final int JOINED = 20;

    private static final int FIRST_BUFFER = 64 << 10;

    private final SealedFolder folder;
    private final int timeline;
    private final int segmentBytes;
    private final int unitBytes;
    private final long pieceNanos;
    private final ArchiveWal.Catalogue catalogue;
    private byte[] unit = new byte[FIRST_BUFFER];
    private Lsn at;
    private boolean pieces;
    private @Nullable WalPiece inPieces;
    private @Nullable WalPiece joined;
    private int small;
    private byte @Nullable [] earlier;
    private final Lsn earlierEnd;
    private boolean heard;
    private long lastStored;
    private volatile Lsn flushed;
    private volatile boolean stopping;

    /**
     * Stores nothing yet.
     *
     * @param start the first byte of a unit
     * @param stored how far the archive reaches already, in this unit; the start if it holds nothing of it
     * @param every how long log may wait to be stored as a piece
     * @param catalogue told of what is stored, after it is
     */
    WalArchiver(
            SealedFolder folder,
            int timeline,
            int segmentBytes,
            Lsn start,
            Lsn stored,
            Duration every,
            ArchiveWal.Catalogue catalogue) {
        this.folder = folder;
        this.timeline = timeline;
        this.segmentBytes = segmentBytes;
        this.unitBytes = unitBytes(segmentBytes);
        this.at = start;
        this.flushed = stored;
        this.pieces = true; // an earlier archiver may have left some
        this.earlierEnd = stored;
        Lsn before = start.plus(-unitBytes);
        // It may have been cut off before it removed those of the unit before
        this.inPieces = start.value() >= unitBytes ? new WalPiece(timeline, before, start) : null;
        this.pieceNanos = every.toNanos();
        this.lastStored = System.nanoTime();
        this.catalogue = catalogue;
    }

    private static int unitBytes(int segmentBytes) {
        return Math.min(segmentBytes, MOST_UNIT_BYTES);
    }

    /** Where streaming has to begin so that the unit that holds this position comes whole. */
    static Lsn unitStart(Lsn position, int segmentBytes) {
        return position.segmentStart(unitBytes(segmentBytes));
    }

    @Override
    public void write(Lsn position, InputStream in, int length) throws IOException {
        if (!position.equals(at)) {
            throw new DamageException("The server's log has a hole: it sent " + position + " after " + at + ".");
        }
        int left = length;
        while (left > 0) {
            int have = (int) (at.value() - unitStart().value());
            int take = Math.min(left, unitBytes - have);
            grow(have + take);
            if (in.readNBytes(unit, have, take) < take) {
                throw new EOFException("The connection ended within a message.");
            }
            at = at.plus(take);
            left -= take;
            requireSame(earlierEnd);
            if (have + take == unitBytes) {
                storeUnit(at.plus(-unitBytes));
            }
        }
    }

    /** Of the unit that is being filled; at its end that is the next one. */
    private Lsn unitStart() {
        return unitStart(at, segmentBytes);
    }

    private void grow(int bytes) {
        if (unit.length < bytes) {
            unit = Arrays.copyOf(unit, Math.min(unitBytes, Math.max(bytes, 2 * unit.length)));
        }
    }

    /** Its pieces stay for as long as the next unit takes: who reads the log may have listed them before. */
    private void storeUnit(Lsn start) {
        WalPiece whole = new WalPiece(timeline, start, at);
        long bytes = put(whole, 0, unitBytes);
        advance(bytes);
        WalPiece before = inPieces;
        if (before != null) {
            removePieces(before);
        }
        inPieces = pieces ? whole : null;
        pieces = false;
        joined = null;
    }

    /** What an earlier archiver has stored of the unit has to be what the server sends now. */
    private void requireSame(Lsn upTo) throws IOException {
        byte[] before = earlier;
        if (before == null || at.compareTo(upTo) < 0) {
            return;
        }
        earlier = null;
        if (!Arrays.equals(before, 0, before.length, unit, 0, before.length)) {
            throw new WalDiverged("what it sends before " + earlierEnd
                    + " is not what it had sent before, though it is of the same timeline");
        }
    }

    /** Whatever the unit's object holds as well. */
    private void removePieces(WalPiece whole) {
        String kept = whole.name(segmentBytes);
        String begin = WalPiece.begin(timeline, whole.from().segmentStart(segmentBytes), segmentBytes);
        List<Store.Entry> listed = folder.list(begin);
        if (listed.stream().noneMatch(entry -> entry.name().equals(kept))) {
            return; // it never came whole, before a gap: its pieces are all there is of it
        }
        folder.deleteUnlocked(listed.stream()
                .map(Store.Entry::name)
                .filter(name -> !name.equals(kept))
                .filter(name -> WalPiece.parse(name, segmentBytes)
                        .filter(piece -> piece.from().compareTo(whole.from()) >= 0
                                && piece.to().compareTo(whole.to()) <= 0)
                        .isPresent())
                .toList());
    }

    /** Has what comes up to where the archive ends compared with this, which it holds of the unit. */
    void compareWith(byte[] stored) {
        earlier = stored;
    }

    /**
     * Stores what has come since the last time, if there is anything. Now and then it is all of the unit again: a quiet server
     * takes days to fill one, and would leave thousands of small objects.
     */
    void storePiece() {
        Lsn from = flushed.compareTo(unitStart()) > 0 ? flushed : unitStart();
        if (at.compareTo(from) <= 0) {
            return;
        }
        boolean all = ++small % JOINED == 0;
        WalPiece piece = new WalPiece(timeline, all ? unitStart() : from, at);
        int offset = (int) (piece.from().value() - unitStart().value());
        long bytes = put(piece, offset, (int) piece.bytes());
        pieces = true;
        advance(bytes);
        if (all) {
            WalPiece before = joined;
            if (before != null) {
                removePieces(before);
            }
            joined = piece;
        }
    }

    private long put(WalPiece piece, int offset, int length) {
        try {
            return folder.put(piece.name(segmentBytes), unit, offset, length);
        } catch (Failure.Conflict e) {
            return 0; // an archiver before this one had stored it, and could not say so any more
        }
    }

    private void advance(long objectBytes) {
        lastStored = System.nanoTime();
        Lsn to = at.compareTo(flushed) > 0 ? at : flushed;
        // Before the server hears of it: where the catalogue ends, archiving goes on
        catalogue.stored(to, objectBytes);
        flushed = to;
    }

    @Override
    public void asked() {
        storePiece();
    }

    @Override
    public Lsn flushed() {
        return flushed;
    }

    @Override
    public boolean complete() {
        if (!heard) {
            heard = true;
            catalogue.streams();
        }
        if (stopping || System.nanoTime() - lastStored >= pieceNanos) {
            storePiece();
        }
        return stopping;
    }

    /** Ends the stream after its next message, with all that has come stored. */
    void stop() {
        stopping = true;
    }
}
