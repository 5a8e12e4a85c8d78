package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Reads a write-ahead log record by record, as recovery would: page headers, continued records, each record's CRC-32C and
 * its link to the one before. Layouts: access/xlog_internal.h and access/xlogrecord.h, alike in PostgreSQL 15 to 18,
 * little endian.
 */
final class LogWalker {
    private static final int PAGE = 8192;
    private static final int SHORT_HEADER = 24;
    private static final int LONG_HEADER = 40;
    private static final int RECORD_HEADER = 24;
    private static final int CRC_AT = 20;
    private static final int CONTINUES = 0x0001;
    private static final int HAS_LONG_HEADER = 0x0002;
    private static final int ABANDONS = 0x0008;
    private static final int KIND_OF_MAGIC = 0xD100;
    /** The server itself takes no record beyond 1020 MiB. */
    private static final int LONGEST_RECORD = 1020 << 20;

    private static final int RESOURCE_LOG = 0;
    private static final int LOG_SWITCH = 0x40;
    private static final int RESOURCE_TABLESPACE = 5;
    private static final int TABLESPACE_CREATE = 0x00;
    private static final int DATA_SHORT = 255;
    private static final int DATA_LONG = 254;

    private final InputStream in;
    private final long systemIdentifier;
    private final int timeline;
    private final int segmentBytes;
    private final Lsn start;
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
    private String end = "the stored log ends there";

    /**
     * Walks nothing yet.
     *
     * @param in the log from the first byte of the segment that holds the start
     * @param start a record's first byte
     */
    LogWalker(InputStream in, String systemIdentifier, int timeline, int segmentBytes, Lsn start) {
        this.in = in;
        this.systemIdentifier = Long.parseUnsignedLong(systemIdentifier);
        this.timeline = timeline;
        this.segmentBytes = segmentBytes;
        this.start = start;
        this.reached = start;
    }

    /** Signals the end of the chain; the message says why, and goes on after "because". */
    private static final class ChainEnd extends Exception {
        private static final long serialVersionUID = 1L;

        ChainEnd(String message) {
            super(message, null, false, false);
        }
    }

    /** Walks to the end of the chain. Where that is before the position one needs, the log is not whole. */
    LogWalk walk() throws IOException {
        Lsn address = start.segmentStart(segmentBytes);
        try {
            while (in.readNBytes(page.array(), 0, PAGE) == PAGE) {
                if (address.plus(PAGE).compareTo(start) > 0 && address.compareTo(skipTo) >= 0) {
                    page(address);
                }
                address = address.plus(PAGE);
            }
        } catch (ChainEnd e) {
            end = String.valueOf(e.getMessage());
            in.transferTo(OutputStream.nullOutputStream()); // the rest has to decrypt all the same
        }
        return new LogWalk(reached, records, end, tablespaces);
    }

    private void page(Lsn address) throws ChainEnd {
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
            throw new ChainEnd("the log has no page at " + address);
        }
        if (magic == 0) {
            magic = found;
        }
        if (found != magic || (found & 0xff00) != KIND_OF_MAGIC) {
            throw new ChainEnd("the page at " + address + " has no valid header");
        }
        if (page.getInt(4) != timeline) {
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

    private void begin(Lsn address, int at) throws ChainEnd {
        int length = page.getInt(at);
        recordStart = address.plus(at);
        if (length == 0) {
            throw new ChainEnd("no record follows");
        }
        if (length < RECORD_HEADER || length > LONGEST_RECORD) {
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
        Lsn link = new Lsn(fields.getLong(8));
        crc.reset();
        crc.update(record, RECORD_HEADER, need - RECORD_HEADER);
        crc.update(record, 0, CRC_AT);
        if ((int) crc.getValue() != fields.getInt(CRC_AT)) {
            throw new ChainEnd("the record at " + recordStart + " has a wrong CRC");
        }
        if (!previous.equals(Lsn.NONE) && !link.equals(previous)) {
            throw new ChainEnd("the record at " + recordStart + " links back to " + link + " instead of " + previous);
        }
        int info = fields.get(16) & 0xf0;
        int resource = fields.get(17) & 0xff;
        if (resource == RESOURCE_TABLESPACE && info == TABLESPACE_CREATE) {
            tablespaceCreated(fields);
        }
        records++;
        previous = recordStart;
        need = 0;
        reached = after;
        if (resource == RESOURCE_LOG && info == LOG_SWITCH) {
            reached = after.segmentEnd(segmentBytes);
            skipTo = reached;
        }
    }

    /** Main data of the record: the oid, then the path as a C string. */
    private void tablespaceCreated(ByteBuffer fields) {
        int at = RECORD_HEADER;
        while (at < need) {
            int id = fields.get(at) & 0xff;
            if (id == DATA_SHORT || id == DATA_LONG) {
                at += id == DATA_SHORT ? 2 : 5;
                String oid = Integer.toUnsignedString(fields.getInt(at));
                int end = at + 4;
                while (end < need && record[end] != 0) {
                    end++;
                }
                String path = new String(record, at + 4, end - at - 4, StandardCharsets.UTF_8);
                tablespaces.add(new LogWalk.TablespaceCreated(oid, path, recordStart));
                return;
            }
            at += id == 253 ? 3 : 5; // a replication origin, or a top-level transaction's id
        }
    }
}
