package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** Writes a small write-ahead log as a server would: pages, records that cross them, links and sums. */
final class LogFixture {
    static final int SEGMENT = 1 << 20;
    static final int PAGE = 8192;
    static final long SYSTEM = 7_310_000_000_000_000_001L;
    private final ByteBuffer log;
    private final long base;
    private long previous;

    LogFixture(Lsn start, int segments) {
        base = start.value();
        log = ByteBuffer.allocate(segments * SEGMENT).order(ByteOrder.LITTLE_ENDIAN);
        pageHeader(0);
    }

    /** Where the next record begins. */
    Lsn at() {
        return new Lsn(base + log.position());
    }

    byte[] bytes() {
        return log.array();
    }

    private void pageHeader(int rest) {
        long address = base + log.position();
        boolean first = log.position() % SEGMENT == 0;
        log.putShort((short) 0xD118);
        log.putShort((short) ((rest > 0 ? 1 : 0) | (first ? 2 : 0)));
        log.putInt(1).putLong(address).putInt(rest).putInt(0);
        if (first) {
            log.putLong(SYSTEM).putInt(SEGMENT).putInt(PAGE);
        }
    }

    /** A record with this main data; answers where it begins. */
    Lsn record(int resource, int info, byte[] data) {
        Lsn start = at();
        int length = 24 + data.length;
        ByteBuffer record = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        record.putInt(length)
                .putInt(0)
                .putLong(previous)
                .put((byte) info)
                .put((byte) resource)
                .putShort((short) 0);
        record.putInt(0).put(data);
        CRC32C crc = new CRC32C();
        crc.update(record.array(), 24, data.length);
        crc.update(record.array(), 0, 20);
        record.putInt(20, (int) crc.getValue());
        for (int done = 0; done < length; ) {
            int room = PAGE - log.position() % PAGE;
            int take = Math.min(room, length - done);
            log.put(record.array(), done, take);
            done += take;
            if (log.position() % PAGE == 0 && log.hasRemaining()) {
                pageHeader(length - done);
            }
        }
        while (log.position() % 8 != 0) {
            log.put((byte) 0);
        }
        if (log.position() % PAGE == 0 && log.hasRemaining()) {
            pageHeader(0);
        }
        previous = start.value();
        return start;
    }

    void tablespace(int oid, String path) {
        byte[] text = path.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(2 + 4 + text.length + 1).order(ByteOrder.LITTLE_ENDIAN);
        data.put((byte) 255).put((byte) (4 + text.length + 1)).putInt(oid).put(text);
        record(5, 0x00, data.array());
    }

    /** Ends the segment, as pg_switch_wal does: pages of nothing up to the next one. */
    void switchSegment() {
        record(0, 0x40, new byte[0]);
        int end = (log.position() + SEGMENT - 1) / SEGMENT * SEGMENT;
        while (log.position() % PAGE != 0) {
            log.put((byte) 0);
        }
        while (log.position() < end) {
            int page = log.position();
            pageHeader(0);
            log.position(page + PAGE);
        }
        if (log.hasRemaining()) {
            pageHeader(0);
        }
    }
}
