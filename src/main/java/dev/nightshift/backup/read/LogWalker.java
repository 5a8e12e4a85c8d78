package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads a write-ahead log record by record, as recovery would: page headers, continued records, each record's CRC-32C and
 * its link to the one before, over the timelines of a history, up to a target. Layouts: access/xlog_internal.h and
 * access/xlogrecord.h, alike in PostgreSQL 15 to 18, little endian.
 */
final class LogWalker {
    private static final int PAGE = 8192;
    private static final int SHORT_HEADER = 24;
    private static final int LONG_HEADER = 40;
    private static final int CRC_AT = 20;
    private static final int CONTINUES = 0x0001;
    private static final int HAS_LONG_HEADER = 0x0002;
    private static final int ABANDONS = 0x0008;
    private static final int KIND_OF_MAGIC = 0xD100;
    /** The server itself takes no record beyond 1020 MiB. */
    private static final int LONGEST_RECORD = 1020 << 20;

    private final InputStream in;
    private final long systemIdentifier;
    private final TimelineHistory history;
    private final int segmentBytes;
    private final Lsn start;
    private final @Nullable Lsn stored;
    private final TargetSearch search;
    private final ByteBuffer page = ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C crc = new CRC32C();
    private final List<LogWalk.TablespaceCreated> tablespaces = new ArrayList<>();
    private byte[] record = new byte[PAGE];
    private int have;
    private int need;
    private Lsn recordStart = Lsn.NONE;
    private Lsn previous = Lsn.NONE;
    private Lsn reached;
    private Lsn skipTo = Lsn.NONE;
    private int magic;
    private long records;
    private LogWalk.Ended ended = LogWalk.Ended.END_OF_LOG;
    private String end = "the stored log ends there";

    /**
     * Walks nothing yet, and then to the end, which may be padded with zeros.
     *
     * @param in the log from the first byte of the segment that holds the start
     * @param start a record's first byte
     */
    LogWalker(InputStream in, String systemIdentifier, int timeline, int segmentBytes, Lsn start) {
        this(in, systemIdentifier, TimelineHistory.of(timeline), segmentBytes, start, null, null);
    }

    /**
     * Walks nothing yet.
     *
     * @param in the log from the first byte of the segment that holds the start, each segment of the timeline whose file the
     *     server would take
     * @param stored the first byte that is not stored: what breaks off before it is damage; null if that is not known
     * @param target where to stop; null for the end
     */
    LogWalker(
            InputStream in,
            String systemIdentifier,
            TimelineHistory history,
            int segmentBytes,
            Lsn start,
            @Nullable Lsn stored,
            RecoveryTarget.@Nullable Point target) {
        this.in = in;
        this.systemIdentifier = Long.parseUnsignedLong(systemIdentifier);
        this.history = history;
        this.segmentBytes = segmentBytes;
        this.start = start;
        this.reached = start;
        this.stored = stored;
        this.search = new TargetSearch(target);
    }

    /** Signals the end of the walk; the message says why, and goes on after "because". */
    private static final class ChainEnd extends Exception {
        private static final long serialVersionUID = 1L;
        private final LogWalk.Ended how;

        ChainEnd(String message) {
            this(message, LogWalk.Ended.BROKEN);
        }

        ChainEnd(String message, LogWalk.Ended how) {
            super(message, null, false, false);
            this.how = how;
        }
    }

    /** Walks to the target, or to the end of the chain. Where that is before the position one needs, the log is not whole. */
    LogWalk walk() throws IOException {
        Lsn address = start.segmentStart(segmentBytes);
        try {
            while (in.readNBytes(page.array(), 0, PAGE) == PAGE) {
                if (address.plus(PAGE).compareTo(start) > 0 && address.compareTo(skipTo) >= 0) {
                    page(address);
                }
                address = address.plus(PAGE);
            }
            if (stored != null && address.compareTo(stored) < 0) {
                throw new ChainEnd("the log has no page at " + address);
            }
        } catch (ChainEnd e) {
            end = String.valueOf(e.getMessage());
            ended = e.how;
            if (ended == LogWalk.Ended.BROKEN) {
                end += ", in segment " + where(address);
            }
            if (stored == null && ended != LogWalk.Ended.TARGET) {
                in.transferTo(OutputStream.nullOutputStream()); // the rest has to decrypt all the same
            }
        }
        return new LogWalk(reached, previous, address.plus(PAGE), records, end, ended, search.times(), tablespaces);
    }

    /** The segment's name; of two where a record that cannot be read crosses from one to the other. */
    private String where(Lsn address) {
        String last = history.fileName(address, segmentBytes);
        String first = need > 0 ? history.fileName(recordStart, segmentBytes) : last;
        return first.equals(last) ? last : first + " or after it up to " + last;
    }

    /** Whether these bytes are stored; beyond, a record may be there in part. */
    private void requireStored(Lsn upTo) throws ChainEnd {
        if (stored != null && upTo.compareTo(stored) > 0) {
            throw new ChainEnd("the stored log ends at " + stored, LogWalk.Ended.END_OF_LOG);
        }
    }

    private void page(Lsn address) throws ChainEnd {
        requireStored(address.plus(SHORT_HEADER));
        int info = Short.toUnsignedInt(page.getShort(2));
        int at = header(address, info);
        boolean continues = (info & CONTINUES) != 0;
        int rest = page.getInt(16);
        if (need > 0 && (info & ABANDONS) != 0) {
            need = 0; // its writer crashed; the record at this page's beginning says so
        }
        if (need > 0) {
            if (!continues || rest != need - have) {
                throw new ChainEnd("the record at " + recordStart + " is not continued at " + address);
            }
            at = take(address, at);
        } else if (start.compareTo(address) > 0 && start.compareTo(address.plus(PAGE)) < 0) {
            at = (int) (start.value() - address.value());
        } else if (continues) {
            throw new ChainEnd("the page at " + address + " continues a record that was not begun");
        }
        while (at < PAGE && need == 0 && address.compareTo(skipTo) >= 0) {
            begin(address, at);
            at = take(address, at);
        }
    }

    private int header(Lsn address, int info) throws ChainEnd {
        int found = Short.toUnsignedInt(page.getShort(0));
        if (found == 0) {
            throw new ChainEnd("the log has no page at " + address, zeros());
        }
        if (magic == 0) {
            magic = found;
        }
        if (found != magic || (found & 0xff00) != KIND_OF_MAGIC) {
            throw new ChainEnd("the page at " + address + " has no valid header");
        }
        if (page.getInt(4) != history.at(address)) {
            throw new ChainEnd("the page at " + address + " is of timeline " + page.getInt(4));
        }
        if (page.getLong(8) != address.value()) {
            throw new ChainEnd("the page at " + address + " belongs to " + new Lsn(page.getLong(8)));
        }
        if ((info & HAS_LONG_HEADER) == 0) {
            return SHORT_HEADER;
        }
        if (page.getLong(24) != systemIdentifier) {
            throw new ChainEnd("the segment at " + address + " is of another cluster");
        }
        if (page.getInt(32) != segmentBytes || page.getInt(36) != PAGE) {
            throw new ChainEnd("the segment at " + address + " has another segment or page size");
        }
        return LONG_HEADER;
    }

    /** Where nothing was written, the log may end: unless more of it is known to be stored. */
    private LogWalk.Ended zeros() {
        return stored == null ? LogWalk.Ended.END_OF_LOG : LogWalk.Ended.BROKEN;
    }

    private void begin(Lsn address, int at) throws ChainEnd {
        requireStored(address.plus(at + Integer.BYTES));
        int length = page.getInt(at);
        recordStart = address.plus(at);
        if (length == 0) {
            throw new ChainEnd("no record follows", zeros());
        }
        if (length < LogRecord.HEADER || length > LONGEST_RECORD) {
            throw new ChainEnd("the record at " + recordStart + " has an impossible length");
        }
        need = length;
        have = 0;
        if (record.length < length) {
            record = new byte[Math.max(length, 2 * record.length)];
        }
    }

    /** Adds what this page holds of the record; answers where the next one begins, or the page's end. */
    private int take(Lsn address, int at) throws ChainEnd {
        int count = Math.min(need - have, PAGE - at);
        requireStored(address.plus(at + count));
        page.get(at, record, have, count);
        have += count;
        if (have < need) {
            return PAGE;
        }
        int next = (at + count + 7) & ~7;
        finish(address.plus(next));
        return next;
    }

    private void finish(Lsn after) throws ChainEnd {
        ByteBuffer fields = ByteBuffer.wrap(record, 0, need).order(ByteOrder.LITTLE_ENDIAN);
        crc.reset();
        crc.update(record, LogRecord.HEADER, need - LogRecord.HEADER);
        crc.update(record, 0, CRC_AT);
        if ((int) crc.getValue() != fields.getInt(CRC_AT)) {
            throw new ChainEnd("the record at " + recordStart + " has a wrong CRC");
        }
        LogRecord whole = new LogRecord(recordStart, magic, record, need);
        Lsn link = whole.previous();
        if (!previous.equals(Lsn.NONE) && !link.equals(previous)) {
            throw new ChainEnd("the record at " + recordStart + " links back to " + link + " instead of " + previous);
        }
        if (search.stopsBefore(whole)) {
            throw new ChainEnd("the target is before the record at " + recordStart, LogWalk.Ended.TARGET);
        }
        LogWalk.TablespaceCreated tablespace = whole.tablespaceCreated();
        if (tablespace != null) {
            tablespaces.add(tablespace);
        }
        records++;
        previous = recordStart;
        need = 0;
        reached = after;
        if (whole.endsSegment()) {
            reached = after.segmentEnd(segmentBytes);
            skipTo = reached;
        }
        if (search.stopsAfter(whole)) {
            throw new ChainEnd("the target is the record at " + recordStart, LogWalk.Ended.TARGET);
        }
    }
}
