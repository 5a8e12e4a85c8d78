package dev.nightshift.backup.stored;

import com.github.luben.zstd.ZstdCompressCtx;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.util.List;

/**
 * A folder of the store under a data key of its own, to which whole objects are added for as long as it exists: the archive of
 * a server's log. Objects are as those of a backup; no manifest lists them, so their names say what they hold. One thread
 * writes.
 */
public final class SealedFolder {
    private static final int BLOCK_BYTES = 1 << 20;

    /** As for backups: higher levels cost far more than they save. */
    private static final int LEVEL = 1;

    private final Store store;
    private final String prefix;
    private final ObjectContext context;

    /** @param folder its name in the store; empty if the store is the folder itself */
    public SealedFolder(Store store, String folder, ObjectContext context) {
        this.store = store;
        this.prefix = folder.isEmpty() ? "" : folder + "/";
        this.context = context;
    }

    /**
     * Stores an object whole, durably.
     *
     * @param length how many bytes of the content count
     * @return its size in the store
     * @throws Failure.Conflict if there is one of this name
     * @throws Failure.Retryable if the store cannot take it now
     * @throws Failure.Fatal if it is full, or may not be written
     */
    public long put(String name, byte[] content, int length) {
        ObjectHeader header = ObjectHeader.fresh(true, BLOCK_BYTES);
        Block block = new Block(Math.min(BLOCK_BYTES, Math.max(length, 1)));
        try (ObjectWriter writer = new ObjectWriter(context, name, header, store.create(prefix + name));
                ZstdCompressCtx compressor = new ZstdCompressCtx()) {
            compressor.setLevel(LEVEL);
            int at = 0;
            do {
                int count = Math.min(BLOCK_BYTES, length - at);
                System.arraycopy(content, at, block.content, 0, count);
                at += count;
                block.length = count;
                block.last = at == length;
                writer.seal(block, compressor);
                writer.append(block);
                block.number++;
            } while (at < length);
            return writer.stored(StoredObject.Kind.WAL, name).bytes();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JDK encrypts with AES/GCM.", e);
        }
    }

    /**
     * The content of objects that follow each other; reading it throws {@link DamageException} where it is not what was stored.
     *
     * @param threads that decrypt and decompress
     */
    public InputStream open(List<Content> objects, int threads) {
        return new BlockReader(
                context,
                store,
                prefix,
                objects.stream()
                        .map(each ->
                                new StoredObject(each.name(), StoredObject.Kind.WAL, each.name(), 0, each.bytes(), ""))
                        .toList(),
                threads);
    }

    /**
     * An object and what it holds.
     *
     * @param bytes of its content, before compression
     */
    public record Content(String name, long bytes) {}

    /** The names of the objects in it that begin so, sorted, with their sizes in the store. */
    public List<Store.Entry> list(String begin) {
        return store.list(prefix + begin).stream()
                .map(each -> new Store.Entry(each.name().substring(prefix.length()), each.bytes()))
                .toList();
    }

    /** Deletes an object of it; what is not there is deleted already. */
    public void delete(String name) {
        store.delete(prefix + name);
    }

    /** Where it lies, as errors call it. */
    @Override
    public String toString() {
        return store + "/" + prefix;
    }
}
