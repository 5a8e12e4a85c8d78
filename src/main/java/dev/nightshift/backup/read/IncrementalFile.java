package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;

/**
 * A file {@code INCREMENTAL.<name>} as PostgreSQL 17 and newer write it (basebackup_incremental.c), laid over the file before
 * it while it comes: little-endian a mark, the number of blocks, the length below which the older blocks count, then the
 * blocks' numbers, filled up to a whole block if there are any, then the blocks.
 */
final class IncrementalFile implements FileTaker.Content {
    static final int BLOCK = 8192;
    /** Of a segment of 1 GB: no relation's file is longer. */
    static final int SEGMENT_BLOCKS = 131_072;

    private static final int MARK = 0xd3ae1f0d;
    private static final int FIXED = 3 * Integer.BYTES;

    private final String path;
    private final FileTaker.Blocks file;
    private ByteBuffer head = ByteBuffer.allocate(FIXED).order(ByteOrder.LITTLE_ENDIAN);
    private boolean fixedRead;
    private int keep;
    private int[] numbers = new int[0];
    private long position;
    /** Where the blocks begin; until it is known, where the head may end. */
    private long data = FIXED;

    /**
     * Takes it.
     *
     * @param path in the backup, for errors
     * @param file what it changes; {@link FileTaker.Blocks#NOTHING} to verify only
     */
    IncrementalFile(String path, FileTaker.Blocks file) {
        this.path = path;
        this.file = file;
    }

    @Override
    public void write(byte[] bytes, int count) throws IOException {
        int at = 0;
        while (at < count) {
            int step;
            if (head.hasRemaining()) {
                step = Math.min(count - at, head.remaining());
                head.put(bytes, at, step);
                if (!head.hasRemaining()) {
                    head();
                }
            } else if (position + at < data) {
                step = (int) Math.min(count - at, data - position - at);
            } else {
                step = block(bytes, at, count - at, position + at - data);
            }
            at += step;
        }
        position += count;
    }

    private void head() throws IOException {
        head.flip();
        if (fixedRead) {
            begin();
            return;
        }
        fixedRead = true;
        if (head.getInt() != MARK) {
            throw wrong("does not begin as an incremental file does");
        }
        long count = Integer.toUnsignedLong(head.getInt());
        long length = Integer.toUnsignedLong(head.getInt());
        if (count > SEGMENT_BLOCKS) {
            throw wrong("tells of " + count + " blocks, a file has at most " + SEGMENT_BLOCKS);
        }
        // Minor versions before the mend count to the relation's end and not to the segment's: more than all is all
        keep = (int) Math.min(length, SEGMENT_BLOCKS);
        numbers = new int[(int) count];
        head = ByteBuffer.allocate(numbers.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (numbers.length == 0) {
            begin();
        } else {
            data = (FIXED + head.capacity() + BLOCK - 1L) / BLOCK * BLOCK;
        }
    }

    private void begin() throws IOException {
        BitSet seen = new BitSet();
        for (int at = 0; at < numbers.length; at++) {
            long number = Integer.toUnsignedLong(head.getInt());
            if (number >= SEGMENT_BLOCKS) {
                throw wrong("holds block " + number + ", a file has at most " + SEGMENT_BLOCKS);
            }
            numbers[at] = (int) number;
            if (seen.get(numbers[at])) {
                throw wrong("holds block " + number + " twice");
            }
            seen.set(numbers[at]);
        }
        file.length(keep, Math.max(keep, seen.length()));
    }

    /** As much as belongs together on the disk: a run of blocks that follow each other. */
    private int block(byte[] bytes, int from, int count, long offset) throws IOException {
        int index = (int) (offset / BLOCK);
        if (index >= numbers.length) {
            throw wrong("goes on after its last block");
        }
        int within = (int) (offset % BLOCK);
        int next = index + 1;
        int length = BLOCK - within;
        while (length < count && next < numbers.length && numbers[next] == numbers[next - 1] + 1) {
            length += BLOCK;
            next++;
        }
        length = Math.min(length, count);
        file.write(numbers[index] * (long) BLOCK + within, bytes, from, length);
        return length;
    }

    /** A cut file is told by its length; the bytes themselves are compared with the server's list. */
    @Override
    public void close() throws IOException {
        try (file) {
            if (head.hasRemaining() || position != data + numbers.length * (long) BLOCK) {
                throw wrong("is cut off after " + position + " bytes");
            }
        }
    }

    private DamageException wrong(String what) {
        return new DamageException("the file " + path + " " + what);
    }
}
