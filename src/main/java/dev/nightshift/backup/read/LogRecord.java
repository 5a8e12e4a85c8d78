package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One whole record of the log, its CRC checked. Layouts: access/xlogrecord.h, access/xact.h, commands/tablespace.h.
 *
 * @param start of its first byte
 * @param magic of the pages that it is on: which version of PostgreSQL wrote it
 * @param bytes header included; may be longer than the record
 * @param length of the record
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LogRecord(Lsn start, int magic, byte[] bytes, int length) {
    static final int RESOURCE_LOG = 0;
    private static final int RESOURCE_TRANSACTION = 1;
    private static final int RESOURCE_TABLESPACE = 5;
    private static final int LOG_SWITCH = 0x40;
    private static final int TABLESPACE_CREATE = 0x00;

    static final int HEADER = 24;
    private static final int MAIN_SHORT = 255;
    private static final int MAIN_LONG = 254;
    private static final int ORIGIN = 253;
    private static final int TOP_LEVEL = 252;

    private static final int TRANSACTION_KIND = 0x70;
    private static final int COMMIT = 0x00;
    private static final int ABORT = 0x20;
    private static final int COMMIT_PREPARED = 0x30;
    private static final int ABORT_PREPARED = 0x40;
    private static final int HAS_INFO = 0x80;

    private static final int HAS_DATABASE = 1;
    private static final int HAS_CHILDREN = 1 << 1;
    private static final int HAS_FILES = 1 << 2;
    private static final int HAS_INVALIDATIONS = 1 << 3;
    private static final int HAS_TWO_PHASES = 1 << 4;
    private static final int HAS_DROPPED_STATISTICS = 1 << 8;

    /** From PostgreSQL 18 on a dropped statistics entry has a number of 64 bits. */
    private static final int MAGIC_18 = 0xD118;

    /** Timestamps count microseconds from here. */
    private static final Instant EPOCH = Instant.parse("2000-01-01T00:00:00Z");

    /**
     * The end of a transaction.
     *
     * @param at by the source's clock
     * @param xid of the transaction that ended; of a prepared one its own, not that of the session which ended it
     */
    record TransactionEnd(Instant at, int xid) {}

    private ByteBuffer buffer() {
        return ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    Lsn previous() {
        return new Lsn(buffer().getLong(8));
    }

    int resource() {
        return bytes[17] & 0xff;
    }

    /** The upper half: what the resource's own code means by it. */
    int info() {
        return bytes[16] & 0xf0;
    }

    /** Whether the rest of the segment is left empty. */
    boolean endsSegment() {
        return resource() == RESOURCE_LOG && info() == LOG_SWITCH;
    }

    /** What is neither header nor of a block; empty if there is none, or blocks come before it. */
    byte[] mainData() {
        ByteBuffer fields = buffer();
        int at = HEADER;
        while (at < length) {
            int id = fields.get(at) & 0xff;
            if (id == MAIN_SHORT || id == MAIN_LONG) {
                at += id == MAIN_SHORT ? 2 : 5;
                return Arrays.copyOfRange(bytes, Math.min(at, length), length);
            }
            if (id != ORIGIN && id != TOP_LEVEL) {
                break;
            }
            at += id == ORIGIN ? 3 : 5;
        }
        return new byte[0];
    }

    /** A commit or abort; null if it is neither, or none that can be read. */
    @Nullable
    TransactionEnd transactionEnd() {
        if (resource() != RESOURCE_TRANSACTION) {
            return null;
        }
        int kind = info() & TRANSACTION_KIND;
        boolean prepared = kind == COMMIT_PREPARED || kind == ABORT_PREPARED;
        if (!prepared && kind != COMMIT && kind != ABORT) {
            return null;
        }
        ByteBuffer data = ByteBuffer.wrap(mainData()).order(ByteOrder.LITTLE_ENDIAN);
        if (data.remaining() < Long.BYTES) {
            return null;
        }
        Instant at = EPOCH.plus(data.getLong(0), ChronoUnit.MICROS);
        return new TransactionEnd(at, prepared ? preparedXid(data) : buffer().getInt(4));
    }

    /** ParseCommitRecord and ParseAbortRecord of access/rmgrdesc/xactdesc.c; 0 if there is none. */
    private int preparedXid(ByteBuffer data) {
        if ((bytes[16] & HAS_INFO) == 0 || data.limit() < 12) {
            return 0;
        }
        int has = data.getInt(8);
        long at = 12;
        at += (has & HAS_DATABASE) == 0 ? 0 : 8;
        at += list(data, at, has & HAS_CHILDREN, 4);
        at += list(data, at, has & HAS_FILES, 12);
        at += list(data, at, has & HAS_DROPPED_STATISTICS, magic >= MAGIC_18 ? 16 : 12);
        at += list(data, at, has & HAS_INVALIDATIONS, 16);
        return (has & HAS_TWO_PHASES) == 0 || at + 4 > data.limit() ? 0 : data.getInt((int) at);
    }

    /** Bytes of a list of items with its length before it. */
    private static long list(ByteBuffer data, long at, int there, int itemBytes) {
        return there == 0 || at + 4 > data.limit() ? 0 : 4 + (long) itemBytes * Math.max(0, data.getInt((int) at));
    }

    /** CREATE TABLESPACE: the oid, then the path as a C string; null if it is something else. */
    LogWalk.@Nullable TablespaceCreated tablespaceCreated() {
        if (resource() != RESOURCE_TABLESPACE || info() != TABLESPACE_CREATE) {
            return null;
        }
        byte[] data = mainData();
        if (data.length < Integer.BYTES) {
            return null;
        }
        int end = Integer.BYTES;
        while (end < data.length && data[end] != 0) {
            end++;
        }
        int oid = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getInt(0);
        return new LogWalk.TablespaceCreated(
                Integer.toUnsignedString(oid),
                new String(data, Integer.BYTES, end - Integer.BYTES, StandardCharsets.UTF_8),
                start);
    }
}
