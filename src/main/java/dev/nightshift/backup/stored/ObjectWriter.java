package dev.nightshift.backup.stored;

import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** One object being written: {@link #seal} on any worker, {@link #append} in order on one thread. */
final class ObjectWriter implements AutoCloseable {
    private final String name;
    private final ObjectHeader header;
    private final SecretKeySpec key;
    private final byte[] associated;
    private final Store.Upload upload;
    private final MessageDigest digest = Sha256.digest();
    private final byte[] lengthField = new byte[4];
    private long bytes;
    private long contentBytes;
    private volatile @Nullable String sha256;

    ObjectWriter(ObjectContext context, String name, ObjectHeader header, Store.Upload upload) {
        this.name = name;
        this.header = header;
        this.key = context.objectKey(header, name);
        this.associated = context.associatedData(header, name);
        this.upload = upload;
        put(header.bytes(), ObjectHeader.BYTES);
    }

    /** Turns the block's content into ciphertext, in the block's content buffer; its length becomes the ciphertext's. */
    void seal(Block block, ZstdCompressCtx context) throws GeneralSecurityException {
        byte[] nonce = header.nonce(block.number, block.last);
        Cipher cipher = AesGcm.cipher();
        AesGcm.init(cipher, Cipher.ENCRYPT_MODE, key, nonce, associated);
        int length = block.length;
        if (header.compressed()) {
            length = context.compressByteArray(block.scratch, 0, block.scratch.length, block.content, 0, length);
        } else {
            System.arraycopy(block.content, 0, block.scratch, 0, length);
        }
        int sealed = cipher.doFinal(block.scratch, 0, length, block.content, 0);
        synchronized (this) {
            contentBytes += block.length;
        }
        block.length = sealed;
    }

    /** Writes a sealed block; the last one completes the object. */
    void append(Block block) {
        ByteBuffer.wrap(lengthField).putInt(block.length);
        put(lengthField, lengthField.length);
        put(block.content, block.length);
        if (block.last) {
            upload.commit();
            upload.close();
            sha256 = HexFormat.of().formatHex(digest.digest());
        }
    }

    private void put(byte[] data, int count) {
        upload.write(data, 0, count);
        digest.update(data, 0, count);
        bytes += count;
    }

    /** What the manifest says of it; only after the last block was appended. */
    synchronized StoredObject stored(StoredObject.Kind kind, String stream) {
        String hash = sha256;
        if (hash == null) {
            throw new IllegalStateException("The object " + name + " is not complete.");
        }
        return new StoredObject(name, kind, stream, bytes, contentBytes, hash);
    }

    /** Throws the object away unless it is complete. */
    @Override
    public void close() {
        upload.close();
    }
}
