package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads the tar archives that PostgreSQL writes: POSIX ustar, sizes of 8 GiB and more in base 256 as GNU tar has them. */
final class TarReader {
    private static final int BLOCK = 512;
    private final InputStream in;
    private final byte[] header = new byte[BLOCK];
    private long left;
    private int padding;

    TarReader(InputStream in) {
        this.in = in;
    }

    /** What an entry is. */
    enum Type {
        FILE,
        FOLDER,
        LINK
    }

    /**
     * An entry's header.
     *
     * @param name relative, without a slash at its end
     * @param target of a link
     */
    record Entry(String name, Type type, long bytes, String target) {}

    /** The next entry; the rest of the last one is skipped. Null at the archive's end, with everything after it read. */
    @Nullable
    Entry next() throws IOException {
        in.skipNBytes(left + padding);
        left = 0;
        padding = 0;
        if (in.readNBytes(header, 0, BLOCK) < BLOCK) {
            throw new DamageException("the archive ends without its end mark");
        }
        if (isZero()) {
            while (in.read(header) >= 0) {
                if (!isZero()) {
                    throw new DamageException("the archive goes on after its end mark");
                }
            }
            return null;
        }
        check();
        String name = text(0, 100);
        String prefix = text(345, 155);
        String path = prefix.isEmpty() ? name : prefix + "/" + name;
        Type type = switch (header[156]) {
            case '0', 0 -> path.endsWith("/") ? Type.FOLDER : Type.FILE;
            case '5' -> Type.FOLDER;
            case '2' -> Type.LINK;
            default -> throw new DamageException("the archive holds an entry of an unknown type: " + path);
        };
        long bytes = number(124, 12);
        if (type == Type.FILE) {
            left = bytes;
            padding = (int) ((BLOCK - bytes % BLOCK) % BLOCK);
        }
        while (path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        return new Entry(path, type, bytes, text(157, 100));
    }

    /** Content of the current file; -1 at its end. */
    int read(byte[] into) throws IOException {
        if (left == 0) {
            return -1;
        }
        int read = in.read(into, 0, (int) Math.min(into.length, left));
        if (read < 0) {
            throw new DamageException("the archive ends within a file");
        }
        left -= read;
        return read;
    }

    private boolean isZero() {
        for (byte b : header) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    /** The sum of the header's bytes, its own field counted as blanks. */
    private void check() throws IOException {
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        if (sum != number(148, 8)) {
            throw new DamageException("the archive holds a header whose sum is wrong");
        }
    }

    private String text(int from, int length) {
        int end = from;
        while (end < from + length && header[end] != 0) {
            end++;
        }
        return new String(header, from, end - from, StandardCharsets.UTF_8);
    }

    private long number(int from, int length) throws IOException {
        if ((header[from] & 0x80) != 0) {
            long value = header[from] & 0x7f;
            for (int i = from + 1; i < from + length; i++) {
                if (value > Long.MAX_VALUE >> 8) {
                    throw new DamageException("the archive holds an impossible size");
                }
                value = (value << 8) | (header[i] & 0xff);
            }
            return value;
        }
        String octal = new String(Arrays.copyOfRange(header, from, from + length), StandardCharsets.US_ASCII)
                .replace('\0', ' ')
                .strip();
        try {
            return octal.isEmpty() ? 0 : Long.parseLong(octal, 8);
        } catch (NumberFormatException e) {
            throw new DamageException("the archive holds a header with a damaged number", e);
        }
    }
}
