package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.DamageException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archive members that are larger than octal digits can say: PostgreSQL's segments may be, where it was built so. */
class TarReaderTest {
    private static final long EIGHT_GIB = 8L << 30;

    /** As src/port/tar.c writes it: octal with a blank as long as eleven digits do, then the mark 0x80 and base 256. */
    private static byte[] header(String name, long bytes) {
        byte[] header = SmallBackup.header(name, '0', 0, "");
        if (bytes < EIGHT_GIB) {
            text(header, 124, String.format("%011o ", bytes));
        } else {
            header[124] = (byte) 0x80;
            long left = bytes;
            for (int at = 135; at > 124; at--) {
                header[at] = (byte) left;
                left >>= 8;
            }
        }
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte each : header) {
            sum += each & 0xff;
        }
        text(header, 148, String.format("%06o\0 ", sum));
        return header;
    }

    private static void text(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    /** A header, so many zeros, and what follows: nobody makes 8 GiB of them, and a jump over them costs nothing. */
    private static final class Member extends InputStream {
        private final InputStream before;
        private final InputStream behind;
        private long zeros;

        Member(byte[] header, long zeros, byte[] behind) {
            this.before = new ByteArrayInputStream(header);
            this.zeros = zeros;
            this.behind = new ByteArrayInputStream(behind);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            int read = before.read(into, from, count);
            if (read >= 0) {
                return read;
            }
            if (zeros == 0) {
                return behind.read(into, from, count);
            }
            int some = (int) Math.min(count, zeros);
            Arrays.fill(into, from, from + some, (byte) 0);
            zeros -= some;
            return some;
        }

        @Override
        public void skipNBytes(long count) throws IOException {
            long jumped = Math.min(count, zeros);
            zeros -= jumped;
            super.skipNBytes(count - jumped);
        }
    }

    private static byte[] lastMember() {
        byte[] all = Arrays.copyOf(header("base/5/1260", 3), 512 + 512 + 1024);
        text(all, 512, "end");
        return all;
    }

    @ParameterizedTest
    @ValueSource(longs = {EIGHT_GIB - 1, EIGHT_GIB, EIGHT_GIB + 1, (12L << 30) + 700, 1L << 40})
    void aMemberOfEightGibAndMoreIsAsLongAsItSaysAndTheNextOneStandsBehindIt(long bytes) throws IOException {
        long padded = (bytes + 511) / 512 * 512;
        TarReader tar = new TarReader(new Member(header("base/5/1259", bytes), padded, lastMember()));
        TarReader.Entry large = Objects.requireNonNull(tar.next());
        assertEquals(new TarReader.Entry("base/5/1259", TarReader.Type.FILE, bytes, ""), large);
        byte[] some = new byte[1 << 16];
        assertEquals(some.length, tar.read(some), "as much as fits of what is left");
        TarReader.Entry last = Objects.requireNonNull(tar.next());
        assertEquals("base/5/1260 3", last.name() + " " + last.bytes());
        assertEquals(3, tar.read(some));
        assertEquals("end", new String(some, 0, 3, StandardCharsets.US_ASCII));
        assertEquals(-1, tar.read(some));
        assertNull(tar.next());
    }

    @Test
    void aMemberOfEightGibThatIsCutOffIsDamage() throws IOException {
        TarReader tar = new TarReader(new Member(header("base/5/1259", EIGHT_GIB), 100, new byte[0]));
        assertNotNull(tar.next());
        byte[] some = new byte[1 << 16];
        assertEquals(100, tar.read(some));
        assertTrue(String.valueOf(assertThrows(DamageException.class, () -> tar.read(some))
                        .getMessage())
                .contains("ends within a file"));
    }

    @Test
    void aSizeThatNoFileHasIsDamage() {
        byte[] header = header("base/5/1259", EIGHT_GIB);
        Arrays.fill(header, 124, 136, (byte) 0xff);
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte each : header) {
            sum += each & 0xff;
        }
        text(header, 148, String.format("%06o\0 ", sum));
        TarReader tar = new TarReader(new ByteArrayInputStream(header));
        assertTrue(String.valueOf(assertThrows(DamageException.class, tar::next).getMessage())
                .contains("impossible size"));
    }
}
