package dev.nightshift.testing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The checksum of a PostgreSQL page, so that a test can change one behind the server's back: FNV-1a in 32 columns, as
 * src/include/storage/checksum_impl.h of PostgreSQL describes it. Pages of 8 kB.
 */
public final class PageChecksum {
    /** Bytes of a page. */
    public static final int PAGE = 8192;

    private static final int AT = 8;
    private static final int PRIME = 16777619;
    private static final int[] BASE = {
        0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
        0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
        0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
        0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756
    };

    private PageChecksum() {}

    /** What the page says its checksum is. */
    public static int stored(byte[] page) {
        return Short.toUnsignedInt(buffer(page).getShort(AT));
    }

    /** What it has to be for the page's content. */
    public static int of(byte[] page, int block) {
        byte[] copy = page.clone();
        ByteBuffer words = buffer(copy);
        words.putShort(AT, (short) 0);
        int[] sums = BASE.clone();
        for (int row = 0; row < PAGE / 4 / BASE.length; row++) {
            for (int column = 0; column < BASE.length; column++) {
                sums[column] = mix(sums[column], words.getInt(4 * (row * BASE.length + column)));
            }
        }
        int result = 0;
        for (int column = 0; column < BASE.length; column++) {
            result ^= mix(mix(sums[column], 0), 0);
        }
        return Integer.remainderUnsigned(result ^ block, 65535) + 1;
    }

    /** Writes the right checksum into the page. */
    public static void seal(byte[] page, int block) {
        buffer(page).putShort(AT, (short) of(page, block));
    }

    private static int mix(int sum, int value) {
        int mixed = sum ^ value;
        return mixed * PRIME ^ mixed >>> 17;
    }

    private static ByteBuffer buffer(byte[] page) {
        return ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
    }
}
