package dev.nightshift.backup.wal;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the first page of a segment says of it: XLogLongPageHeaderData (access/xlog_internal.h), as x86-64 and ARM write it.
 *
 * @param timeline of its first page: of a timeline's first segment that of the one before
 * @param systemIdentifier of the cluster that wrote it, unsigned
 */
record SegmentHeader(int timeline, Lsn start, String systemIdentifier, int segmentBytes) {
    private static final int BYTES = 40;

    /** The high byte of every version's; the low one counts versions. 15 began with D110. */
    private static final int KIND_OF_MAGIC = 0xD1;

    private static final int OF_15 = 0x10;
    private static final int LONG_HEADER = 0x0002;
    private static final int LEAST_SEGMENT = 1 << 20;
    private static final int MOST_SEGMENT = 1 << 30;

    /** @throws Failure.Conflict if no segment of PostgreSQL 15 or newer begins so */
    static SegmentHeader parse(String name, byte[] content) {
        if (content.length < BYTES) {
            throw none(name, "it has " + content.length + " bytes");
        }
        ByteBuffer page = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        int magic = page.getShort(0) & 0xffff;
        int segmentBytes = page.getInt(32);
        if (magic >> 8 != KIND_OF_MAGIC || (magic & 0xff) < OF_15 || (page.getShort(2) & LONG_HEADER) == 0) {
            throw none(name, "its first page does not begin as one of PostgreSQL 15 or newer");
        }
        if (segmentBytes < LEAST_SEGMENT || segmentBytes > MOST_SEGMENT || Integer.bitCount(segmentBytes) != 1) {
            throw none(name, "its first page says that segments have " + segmentBytes + " bytes");
        }
        return new SegmentHeader(
                page.getInt(4), new Lsn(page.getLong(8)), Long.toUnsignedString(page.getLong(24)), segmentBytes);
    }

    private static Failure none(String name, String why) {
        return new Failure.Conflict(name + " is no segment of a server's log: " + why + ".", null);
    }
}
