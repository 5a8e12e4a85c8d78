package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.ObjectSeries;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.WalSink;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the streamed log into segments, each an object. A segment counts as flushed when its object is in the store. One
 * thread writes; the target may be set from another.
 */
final class WalReceiver implements WalSink, AutoCloseable {
    private final int segmentBytes;
    private final int timeline;
    private final Function<String, ObjectSeries> objects;
    private final List<StoredObject> stored = new ArrayList<>();
    private Lsn at;
    private volatile Lsn flushed;
    private volatile @Nullable Lsn target;
    private @Nullable ObjectSeries segment;

    WalReceiver(Lsn start, int timeline, int segmentBytes, Function<String, ObjectSeries> objects) {
        this.at = start.segmentStart(segmentBytes);
        this.flushed = at;
        this.timeline = timeline;
        this.segmentBytes = segmentBytes;
        this.objects = objects;
    }

    /** Where the first segment begins. */
    Lsn start() {
        return flushed;
    }

    /** Receiving ends as soon as everything before this position is here. */
    void stopAt(Lsn position) {
        target = position;
    }

    @Override
    public void write(Lsn position, InputStream in, int length) throws IOException {
        if (!position.equals(at)) {
            throw new DamageException("The server's log has a hole: it sent " + position + " after " + at + ".");
        }
        int left = length;
        while (left > 0) {
            long room = at.segmentStart(segmentBytes).plus(segmentBytes).value() - at.value();
            int take = (int) Math.min(left, room);
            current().fill(in, take);
            at = at.plus(take);
            left -= take;
            if (take == room) {
                finishSegment();
            }
        }
    }

    private ObjectSeries current() {
        ObjectSeries open = segment;
        if (open == null) {
            open = objects.apply("wal/" + at.segmentName(timeline, segmentBytes));
            segment = open;
        }
        return open;
    }

    private void finishSegment() {
        stored.addAll(current().finish());
        segment = null;
        flushed = at;
    }

    @Override
    public Lsn flushed() {
        return flushed;
    }

    @Override
    public boolean complete() {
        Lsn wanted = target;
        return wanted != null && at.compareTo(wanted) >= 0;
    }

    /**
     * Completes a segment that the server has not ended, with zeros as the server itself does, so that it can be read as a
     * file.
     */
    void pad() throws IOException {
        Lsn end = at.segmentEnd(segmentBytes);
        byte[] zeros = new byte[1 << 16];
        while (at.compareTo(end) < 0) {
            int count = (int) Math.min(zeros.length, end.value() - at.value());
            write(at, new java.io.ByteArrayInputStream(zeros, 0, count), count);
        }
    }

    /** Where the stored log ends; zeros that were added count. */
    Lsn end() {
        return at;
    }

    List<StoredObject> stored() {
        return List.copyOf(stored);
    }

    @Override
    public void close() {
        ObjectSeries open = segment;
        if (open != null) {
            open.close();
        }
    }
}
