package dev.nightshift.backup.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogFileTest {
    private static final int SEGMENT = 16 << 20;
    private static final String NAME = "000000020000000A000000FF";
    private static final String SYSTEM = "18446744073709551615";

    @Test
    void namesSayWhatIsInAFile() {
        LogFile segment = LogFile.parse(NAME);
        assertEquals(LogFile.Kind.SEGMENT, segment.kind());
        assertEquals(2, segment.timeline());
        assertEquals(Lsn.parse("A/FF000000"), segment.start(SEGMENT));
        assertEquals(NAME, segment.start(SEGMENT).segmentName(2, SEGMENT));
        assertEquals(LogFile.Kind.PARTIAL, LogFile.parse(NAME + ".partial").kind());
        assertEquals(
                LogFile.Kind.BACKUP, LogFile.parse(NAME + ".00000028.backup").kind());
        assertEquals(LogFile.Kind.HISTORY, LogFile.parse("00000002.history").kind());
        assertThrows(Failure.Invalid.class, () -> segment.start(64 << 20), "64 of 64 MiB make 4 GiB");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "RECOVERYXLOG",
                "000000010000000000000001x",
                "00000001000000000000000a",
                "000000000000000000000001",
                "FFFFFFFF0000000000000001",
                "000000010000000000001000",
                "000000010000000000000001.history",
                "00000000.history",
                "../000000010000000000000001"
            })
    void whatIsNoNameIsRefused(String name) {
        assertThrows(Failure.Invalid.class, () -> LogFile.parse(name));
    }

    @Test
    void aLengthThatNoSuchFileHasIsRefused() {
        LogFile segment = LogFile.parse(NAME + ".partial");
        segment.requireLength(1 << 20);
        segment.requireLength(64 << 20);
        for (long bytes : new long[] {0, 1 << 19, (1 << 20) + 1, 3 << 20, 1L << 32}) {
            assertThrows(Failure.Invalid.class, () -> segment.requireLength(bytes));
        }
        LogFile history = LogFile.parse("00000002.history");
        history.requireLength(0);
        history.requireLength(1 << 20);
        assertThrows(Failure.Invalid.class, () -> history.requireLength((1 << 20) + 1));
    }

    @Test
    void aSegmentIsTheOneThatItsNameSays() {
        assertEquals(SEGMENT, StoreSegment.require(LogFile.parse(NAME), page(0xD110, 2, SEGMENT), SYSTEM));
        assertEquals(SEGMENT, StoreSegment.require(LogFile.parse(NAME), page(0xD118, 1, SEGMENT), SYSTEM));
        refused("of another cluster", NAME, page(0xD118, 2, SEGMENT), "1");
        refused("no segment", NAME, page(0xD10F, 2, SEGMENT), SYSTEM);
        refused("no segment", NAME, page(0xD118, 2, SEGMENT - 1), SYSTEM);
        refused("no segment", NAME, new byte[39], SYSTEM);
        refused("has 16777216 bytes", NAME, page(0xD118, 2, 32 << 20), SYSTEM);
        refused("another segment", NAME, page(0xD118, 3, SEGMENT), SYSTEM);
        refused("another segment", "000000020000000A000000FE", page(0xD118, 2, SEGMENT), SYSTEM);
    }

    private static void refused(String why, String name, byte[] content, String system) {
        Failure refused =
                assertThrows(Failure.Conflict.class, () -> StoreSegment.require(LogFile.parse(name), content, system));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }

    /** Its last page is filled by a record that goes on behind it. */
    private static byte[] page(int magic, int timeline, int segmentBytes) {
        int last = SEGMENT - 8192;
        return ByteBuffer.allocate(SEGMENT)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(0, (short) magic)
                .putShort(2, (short) 2)
                .putInt(4, timeline)
                .putLong(8, Lsn.parse("A/FF000000").value())
                .putLong(24, Long.parseUnsignedLong(SYSTEM))
                .putInt(32, segmentBytes)
                .putLong(last + 8, Lsn.parse("A/FF000000").value() + last)
                .putInt(last + 16, 1 << 20)
                .array();
    }
}
