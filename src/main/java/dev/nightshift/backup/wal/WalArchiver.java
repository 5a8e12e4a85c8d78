package dev.nightshift.backup.wal;

import dev.nightshift.backup.read.WalPiece;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.SealedFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.WalSink;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;

/**
 * Puts a timeline's log into an archive as it comes. What of a unit has come is stored now and then as pieces, so that little is
 * lost with the server; once all of a unit is here it is stored whole, and its pieces go. A position counts as flushed only
 * when it is stored: until then the server's slot keeps it. One thread writes; {@link #stop} is for others.
 */
final class WalArchiver implements WalSink {
    /** A unit is held in memory, so segments that are larger are stored in parts. */
    static final int MOST_UNIT_BYTES = 16 << 20;

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

    private void storeUnit(Lsn start) {
        WalPiece whole = new WalPiece(timeline, start, at);
        long bytes = put(whole, 0, unitBytes);
        advance(bytes);
        if (pieces) {
            removePieces(whole);
            pieces = false;
        }
    }

    /** Whatever the unit's object holds as well. */
    private void removePieces(WalPiece whole) {
        String kept = whole.name(segmentBytes);
        String begin = WalPiece.begin(timeline, whole.from().segmentStart(segmentBytes), segmentBytes);
        folder.list(begin).stream()
                .filter(entry -> !entry.name().equals(kept))
                .filter(entry -> WalPiece.parse(entry.name(), segmentBytes)
                        .filter(piece -> piece.from().compareTo(whole.from()) >= 0
                                && piece.to().compareTo(whole.to()) <= 0)
                        .isPresent())
                .forEach(entry -> folder.delete(entry.name()));
    }

    /** Stores what has come since the last time, if there is anything. */
    void storePiece() {
        Lsn from = flushed.compareTo(unitStart()) > 0 ? flushed : unitStart();
        if (at.compareTo(from) <= 0) {
            return;
        }
        int offset = (int) (from.value() - unitStart().value());
        long bytes = put(new WalPiece(timeline, from, at), offset, (int) (at.value() - from.value()));
        pieces = true;
        advance(bytes);
    }

    private long put(WalPiece piece, int offset, int length) {
        byte[] content = offset == 0 ? unit : Arrays.copyOfRange(unit, offset, offset + length);
        try {
            return folder.put(piece.name(segmentBytes), content, length);
        } catch (Failure.Conflict e) {
            return 0; // an archiver before this one had stored it, and could not say so any more
        }
    }

    private void advance(long objectBytes) {
        lastStored = System.nanoTime();
        if (at.compareTo(flushed) > 0) {
            flushed = at;
        }
        catalogue.stored(flushed, objectBytes);
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
