package dev.nightshift.backup.stored;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The first 64 bytes of a stored object; big endian. The rest is blocks: four bytes length, then that many of ciphertext
 * with its tag. A block's nonce is the prefix, its number in four bytes, and 1 in the last byte for the last block only
 * (the STREAM construction), so that a dropped tail, a swap or a missing block does not decrypt.
 */
final class ObjectHeader {
    static final int BYTES = 64;
    static final int CURRENT_VERSION = 1;
    static final int TAG_BYTES = 16;
    static final int NONCE_BYTES = 12;
    private static final byte[] MAGIC = "NSHIFTOB".getBytes(StandardCharsets.US_ASCII);
    private static final int SALT_BYTES = 32;
    private static final int PREFIX_BYTES = 7;
    /** Beyond this a reader would let a stranger's header claim its memory. */
    private static final int LARGEST_BLOCK = 64 << 20;

    private static final SecureRandom RANDOM = new SecureRandom();
    private final int version;
    private final boolean compressed;
    private final int blockBytes;
    private final byte[] salt;
    private final byte[] noncePrefix;

    ObjectHeader(int version, boolean compressed, int blockBytes, byte[] salt, byte[] noncePrefix) {
        this.version = version;
        this.compressed = compressed;
        this.blockBytes = blockBytes;
        this.salt = salt.clone();
        this.noncePrefix = noncePrefix.clone();
    }

    static ObjectHeader fresh(boolean compressed, int blockBytes) {
        byte[] salt = new byte[SALT_BYTES];
        byte[] prefix = new byte[PREFIX_BYTES];
        RANDOM.nextBytes(salt);
        RANDOM.nextBytes(prefix);
        return new ObjectHeader(CURRENT_VERSION, compressed, blockBytes, salt, prefix);
    }

    /** Of the stored form. */
    int version() {
        return version;
    }

    /** Whether each block's content is a zstd frame of its own; if not, it is as it came. */
    boolean compressed() {
        return compressed;
    }

    /** The content of every block but the last, before compression. */
    int blockBytes() {
        return blockBytes;
    }

    /** For the object's own key. */
    byte[] salt() {
        return salt.clone();
    }

    byte[] bytes() {
        return ByteBuffer.allocate(BYTES)
                .put(MAGIC)
                .put((byte) version)
                .put((byte) (compressed ? 1 : 0))
                .putShort((short) 0)
                .putInt(blockBytes)
                .put(salt)
                .put(noncePrefix)
                .array();
    }

    /** Reads the 64 bytes back; refuses everything that {@link #bytes} would not write. */
    static ObjectHeader parse(byte[] bytes) throws DamageException {
        if (bytes.length < BYTES) {
            throw new DamageException("it ends within its header");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        byte[] magic = new byte[MAGIC.length];
        in.get(magic);
        int version = in.get();
        byte compressed = in.get();
        in.getShort();
        int blockBytes = in.getInt();
        byte[] salt = new byte[SALT_BYTES];
        byte[] prefix = new byte[PREFIX_BYTES];
        in.get(salt).get(prefix);
        if (!Arrays.equals(magic, MAGIC)) {
            throw new DamageException("it is no object of Nightshift");
        }
        if (version != CURRENT_VERSION) {
            throw new DamageException("it is of version " + version + " of the stored form, which is newer than this");
        }
        ObjectHeader header = new ObjectHeader(version, compressed == 1, blockBytes, salt, prefix);
        if (blockBytes < 1 || blockBytes > LARGEST_BLOCK || !Arrays.equals(header.bytes(), bytes)) {
            throw new DamageException("its header is damaged");
        }
        return header;
    }

    byte[] nonce(long block, boolean last) {
        if (block < 0 || block > 0xffff_ffffL) {
            throw new IllegalStateException("An object has at most 2^32 blocks.");
        }
        return ByteBuffer.allocate(NONCE_BYTES)
                .put(noncePrefix)
                .putInt((int) block)
                .put((byte) (last ? 1 : 0))
                .array();
    }
}
