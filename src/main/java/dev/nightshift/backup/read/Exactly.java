package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** So many bytes of a segment: more may have come since it was planned, less is damage. */
final class Exactly extends FilterInputStream {
    private final String name;
    private final int bytes;
    private int left;

    Exactly(InputStream in, int bytes, String name) {
        super(in);
        this.bytes = bytes;
        this.left = bytes;
        this.name = name;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
        if (left == 0) {
            return -1;
        }
        int count = super.read(to, offset, Math.min(length, left));
        if (count < 0) {
            throw new DamageException(
                    "The archived segment " + name + " holds " + (bytes - left) + " bytes instead of " + bytes);
        }
        left -= count;
        return count;
    }

    @Override
    public long skip(long count) throws IOException {
        throw new IOException("A segment is read from its first byte to its last.");
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
