package dev.nightshift.backup.read;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** The log of a plan as one stream: each file is opened when the one before was read, and filled up to a segment's length. */
final class SegmentStream extends InputStream {
    private final int segmentBytes;
    private final Recovery.Opener opener;
    private final Iterator<RecoveryPlan.Segment> segments;
    private @Nullable InputStream in;
    private int left;

    SegmentStream(RecoveryPlan plan, Recovery.Opener opener) {
        this.segmentBytes = plan.segmentBytes();
        this.opener = opener;
        this.segments = plan.segments().iterator();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (left == 0) {
            close();
            if (!segments.hasNext()) {
                return -1;
            }
            in = opener.open(segments.next());
            left = segmentBytes;
        }
        int count = in == null ? -1 : in.read(bytes, offset, Math.min(length, left));
        if (count < 0) {
            count = Math.min(length, left);
            Arrays.fill(bytes, offset, offset + count, (byte) 0);
        }
        left -= count;
        return count;
    }

    @Override
    public void close() throws IOException {
        InputStream open = in;
        in = null;
        if (open != null) {
            open.close();
        }
    }
}
