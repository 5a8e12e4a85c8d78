package dev.nightshift.postgres;

/**
 * A position in a server's write-ahead log: a byte address, unsigned.
 *
 * @param value bytes since the log's beginning
 */
public record Lsn(long value) implements Comparable<Lsn> {
    /** What the server calls InvalidXLogRecPtr: no position. */
    public static final Lsn NONE = new Lsn(0);

    /**
     * Reads the server's form, two hexadecimal halves: {@code 16/B374D848}.
     *
     * @throws IllegalArgumentException if the text is no position
     */
    public static Lsn parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 1 || slash > 8 || text.length() - slash > 9) {
            throw new IllegalArgumentException("\"" + text + "\" is no position in a write-ahead log.");
        }
        return new Lsn((Long.parseLong(text, 0, slash, 16) << 32) | Long.parseLong(text, slash + 1, text.length(), 16));
    }

    public Lsn plus(long bytes) {
        return new Lsn(value + bytes);
    }

    /** The start of the segment that holds this position. */
    public Lsn segmentStart(int segmentBytes) {
        return new Lsn(value & -(long) segmentBytes);
    }

    /** The start of the segment after the last byte before this position: the position itself on a boundary. */
    public Lsn segmentEnd(int segmentBytes) {
        return plus(segmentBytes - 1L).segmentStart(segmentBytes);
    }

    /** The file's name: timeline, then the segment's number in two parts, as the server names it. */
    public String segmentName(int timeline, int segmentBytes) {
        long segment = Long.divideUnsigned(value, segmentBytes);
        long perFile = 0x1_0000_0000L / segmentBytes;
        return String.format(
                "%08X%08X%08X",
                timeline, Long.divideUnsigned(segment, perFile), Long.remainderUnsigned(segment, perFile));
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(value, other.value);
    }

    /** As the server prints it. */
    @Override
    public String toString() {
        return String.format("%X/%X", value >>> 32, value & 0xffff_ffffL);
    }
}
