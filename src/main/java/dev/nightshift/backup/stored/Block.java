package dev.nightshift.backup.stored;

import com.github.luben.zstd.Zstd;

/** The buffers of one block on its way in or out; reused, as fresh ones of this size would burden the collector. */
final class Block {
    /** Content on the way in; later the ciphertext. */
    final byte[] content;

    final byte[] scratch;
    int length;
    long number;
    boolean last;

    Block(int blockBytes) {
        int bound = sealedBound(blockBytes);
        content = new byte[bound];
        scratch = new byte[bound];
    }

    /** The longest ciphertext that a block can become. */
    static int sealedBound(int blockBytes) {
        return (int) Zstd.compressBound(blockBytes) + ObjectHeader.TAG_BYTES;
    }
}
