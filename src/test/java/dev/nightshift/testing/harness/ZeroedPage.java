package dev.nightshift.testing.harness;

import java.io.ByteArrayOutputStream;

/** Finds a sequence of bytes in a stream that comes in pieces, and lets zeroes pass instead (Knuth, Morris and Pratt). */
final class ZeroedPage {
    private final byte[] wanted;
    private final int[] fallback;
    private int matched;
    private int hits;

    ZeroedPage(byte[] wanted) {
        this.wanted = wanted;
        this.fallback = new int[wanted.length + 1];
        int length = 0;
        for (int at = 1; at < wanted.length; at++) {
            while (length > 0 && wanted[at] != wanted[length]) {
                length = fallback[length];
            }
            if (wanted[at] == wanted[length]) {
                length++;
            }
            fallback[at + 1] = length;
        }
    }

    /** What can pass now: all but the end, if that may be the beginning of what is looked for. */
    byte[] pass(byte[] piece, int count) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(count + matched);
        for (int at = 0; at < count; at++) {
            while (matched > 0 && piece[at] != wanted[matched]) {
                int shorter = fallback[matched];
                out.write(wanted, 0, matched - shorter);
                matched = shorter;
            }
            if (piece[at] != wanted[matched]) {
                out.write(piece[at]);
            } else if (++matched == wanted.length) {
                out.write(new byte[matched], 0, matched);
                matched = 0;
                hits++;
            }
        }
        return out.toByteArray();
    }

    /** What was held back, when nothing more comes. */
    byte[] rest() {
        byte[] held = java.util.Arrays.copyOf(wanted, matched);
        matched = 0;
        return held;
    }

    /** How often it was found since the last call. */
    int takeHits() {
        int found = hits;
        hits = 0;
        return found;
    }
}
