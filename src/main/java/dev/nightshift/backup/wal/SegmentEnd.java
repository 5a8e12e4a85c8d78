package dev.nightshift.backup.wal;

import dev.nightshift.kernel.Failure;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Whether a segment was written to its end. What is stored of one that was not is handed out with zeros behind, and may come back
 * so: a server in recovery with {@code archive_mode = always} pushes what it was given. Layouts: access/xlog_internal.h and
 * access/xlogrecord.h, alike in PostgreSQL 15 to 18, little endian.
 */
final class SegmentEnd {
    private static final int PAGE = 8192;
    private static final int SHORT_HEADER = 24;
    private static final int LONG_HEADER = 40;
    private static final int HAS_LONG_HEADER = 0x0002;
    private static final int RECORD_HEADER = 24;
    private static final int INFO_AT = 16;
    private static final int LOG_SWITCH = 0x40;

    private final ByteBuffer segment;

    private SegmentEnd(byte[] content) {
        this.segment = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Only behind a switch is the rest left empty, page headers included.
     *
     * @throws Failure.Conflict if the log ends within it
     */
    static void require(String name, byte[] content) {
        if (!new SegmentEnd(content).isReached()) {
            throw new Failure.Conflict(
                    "The log ends within " + name + ": it is not full, and nothing of it is taken.",
                    "The server that writes it pushes it once it is. Let no standby or copy push what it got by restore_command:"
                            + " archive_mode = on or off there, not always.");
        }
    }

    private boolean isReached() {
        int last = segment.limit() - PAGE;
        int page = last;
        while (page >= 0 && isEmpty(page, PAGE)) {
            page -= PAGE;
        }
        if (page < 0 || segment.getLong(page + 8) - segment.getLong(8) != page) {
            return false; // a page of another segment, which this one's file was before
        }
        int header = (segment.getShort(page + 2) & HAS_LONG_HEADER) == 0 ? SHORT_HEADER : LONG_HEADER;
        long rest = Integer.toUnsignedLong(segment.getInt(page + INFO_AT));
        long at = header + aligned(rest);
        if (at > PAGE) {
            return page
                    == last; // a record that goes on in the next page, which was never written if it is this segment's
        }
        boolean switched = rest > 0 && rest < RECORD_HEADER && isSwitch((int) (page + header + rest), (int) rest, page);
        while (at < PAGE) {
            int record = (int) (page + at);
            long length = Integer.toUnsignedLong(segment.getInt(record));
            if (length == 0) {
                return switched && isEmpty(record, page + PAGE - record);
            }
            if (length < RECORD_HEADER) {
                return false;
            }
            at += aligned(length);
            if (at > PAGE) {
                return page == last;
            }
            switched = length == RECORD_HEADER && isSwitch(record + RECORD_HEADER, RECORD_HEADER, page);
        }
        return page == last || switched;
    }

    /** Whether the record that ends here, of which so much is on this page, is the one behind which nothing is written. */
    private boolean isSwitch(int end, int here, int page) {
        int fields = end - RECORD_HEADER + INFO_AT;
        boolean isSwitch = (segment.get(fields) & 0xf0) == LOG_SWITCH
                && segment.get(fields + 1) == 0
                && segment.getShort(fields + 2) == 0;
        int begun = RECORD_HEADER - here;
        // Of one that began in the segment before, only the end is here
        return isSwitch && (begun == 0 || page == 0 || segment.getInt(page - begun) == RECORD_HEADER);
    }

    private boolean isEmpty(int from, int bytes) {
        for (int at = from; at < from + bytes; at++) {
            if (segment.get(at) != 0) {
                return false;
            }
        }
        return true;
    }

    private static long aligned(long bytes) {
        return (bytes + 7) & ~7L;
    }
}
