package dev.nightshift.backup;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** A segment as the server has it: what is stored of it, up to where it was looked at, and zeros to its end. */
final class FilledSegment extends InputStream {
    private final InputStream in;
    private final long stored;
    private final long bytes;
    private long at;

    /**
     * @param stored how many bytes of it are there; more may have come since
     * @param bytes of the segment
     */
    FilledSegment(InputStream in, long stored, long bytes) {
        this.in = in;
        this.stored = stored;
        this.bytes = bytes;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
        if (at == bytes || length == 0) {
            return length == 0 ? 0 : -1;
        }
        int count = (int) Math.min(length, (at < stored ? stored : bytes) - at);
        if (at < stored) {
            count = in.read(to, offset, count);
            if (count < 0) {
                throw new EOFException("Only " + at + " of " + stored + " bytes are stored.");
            }
        } else {
            Arrays.fill(to, offset, offset + count, (byte) 0);
        }
        at += count;
        return count;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
