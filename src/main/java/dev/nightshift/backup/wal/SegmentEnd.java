package dev.nightshift.backup.wal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

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
    private static final int PREVIOUS_AT = 8;
    private static final int INFO_AT = 16;
    private static final int CHECKSUM_AT = 20;
    private static final int LOG_SWITCH = 0x40;

    /** Of no record: where a log begins there is a page's header. */
    private static final long NONE = 0;

    private final ByteBuffer segment;

    private SegmentEnd(byte[] content) {
        this.segment = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Whether the log comes to its end. Only behind a switch may the rest be anything: zeros as a rule, pages of the segment that
     * the file was before where the server crashed in between and went on in the next one.
     */
    static boolean isReached(byte[] content) {
        return new SegmentEnd(content).isReached();
    }

    private boolean isReached() {
        int last = segment.limit() - PAGE;
        int page = last;
        while (page > 0 && !isOurs(page)) {
            page -= PAGE;
        }
        int header = (segment.getShort(page + 2) & HAS_LONG_HEADER) == 0 ? SHORT_HEADER : LONG_HEADER;
        long rest = Integer.toUnsignedLong(segment.getInt(page + INFO_AT));
        long at = header + aligned(rest);
        if (at > PAGE) {
            return page
                    == last; // a record that goes on in the next page, which was never written if it is this segment's
        }
        if (rest > 0 && rest < RECORD_HEADER && isSwitchThatEnds(page, header, (int) rest)) {
            return true;
        }
        long before = NONE;
        while (at < PAGE) {
            int record = (int) (page + at);
            long length = Integer.toUnsignedLong(segment.getInt(record));
            if (length < RECORD_HEADER) {
                return false;
            }
            if (length == RECORD_HEADER && at + length <= PAGE && isSwitch(bytes(record, RECORD_HEADER), before)) {
                return true;
            }
            before = segment.getLong(8) + record;
            at += aligned(length);
        }
        return page == last;
    }

    /** Whether the page was written for this segment. */
    private boolean isOurs(int page) {
        return !isEmpty(page, PAGE) && segment.getLong(page + 8) - segment.getLong(8) == page;
    }

    /** A record of which so much is on this page. Of one that began in the segment before, only the end can be looked at. */
    private boolean isSwitchThatEnds(int page, int header, int here) {
        int begun = RECORD_HEADER - here;
        if (page > 0) {
            byte[] record = new byte[RECORD_HEADER];
            segment.get(page - begun, record, 0, begun);
            segment.get(page + header, record, begun, here);
            return isSwitch(record, NONE);
        }
        int fields = header + here - RECORD_HEADER + INFO_AT;
        int behind = header + (int) aligned(here);
        return here >= RECORD_HEADER - INFO_AT
                && (segment.get(fields) & 0xf0) == LOG_SWITCH
                && segment.get(fields + 1) == 0
                && isEmpty(behind, segment.limit() - behind);
    }

    /**
     * By its checksum, too: bytes that look like one may be left of what the file was before.
     *
     * @param before position of the record before, which it names; {@link #NONE} if that is on another page
     */
    private static boolean isSwitch(byte[] header, long before) {
        ByteBuffer record = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
        CRC32C checksum = new CRC32C();
        checksum.update(header, 0, CHECKSUM_AT);
        return record.getInt(0) == RECORD_HEADER
                && (before == NONE || record.getLong(PREVIOUS_AT) == before)
                && (record.get(INFO_AT) & 0xf0) == LOG_SWITCH
                && record.get(INFO_AT + 1) == 0
                && record.getInt(CHECKSUM_AT) == (int) checksum.getValue();
    }

    private byte[] bytes(int from, int count) {
        byte[] bytes = new byte[count];
        segment.get(from, bytes);
        return bytes;
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
