package dev.nightshift.backup;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Segments of a server's log: their names, and what another server than theirs would have written. */
final class Segments {
    /** In the long header of a segment's first page: the cluster, and how long its segments are. */
    private static final int CLUSTER = 24;

    private static final int LENGTH = 32;

    /** In its first record, which follows that header. */
    private static final int RECORD = 44;

    private Segments() {}

    /** So many segments before. */
    static String previous(String segment, int count) {
        return String.format("%s%08X", segment.substring(0, 16), number(segment) - count);
    }

    /** What begins at the same position where the segments are so many times shorter. */
    static String shorter(String segment, int times) {
        return String.format("%s%08X", segment.substring(0, 16), number(segment) * times);
    }

    private static long number(String segment) {
        return Long.parseLong(segment.substring(16), 16);
    }

    /** With another first record. */
    static byte[] changed(byte[] segment) {
        return flipped(segment, RECORD);
    }

    static byte[] ofAnotherCluster(byte[] segment) {
        return flipped(segment, CLUSTER);
    }

    private static byte[] flipped(byte[] segment, int at) {
        byte[] other = segment.clone();
        other[at] ^= 1;
        return other;
    }

    /** Of which no more is written than where its first record begins. */
    static byte[] begun(byte[] segment) {
        byte[] begun = segment.clone();
        Arrays.fill(begun, 64, begun.length, (byte) 0);
        return begun;
    }

    /** As a server writes them whose segments are so many times shorter. */
    static byte[] shorter(byte[] segment, int times) {
        byte[] small = Arrays.copyOf(segment, segment.length / times);
        ByteBuffer.wrap(small).order(ByteOrder.LITTLE_ENDIAN).putInt(LENGTH, small.length);
        return small;
    }
}
