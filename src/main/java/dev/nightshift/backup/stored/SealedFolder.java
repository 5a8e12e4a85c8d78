package dev.nightshift.backup.stored;

import com.github.luben.zstd.ZstdCompressCtx;
import dev.nightshift.kernel.Failure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Predicate;

/**
 * A folder of the store under a data key of its own, to which whole objects are added for as long as it exists: the archive of
 * a server's log. Objects are as those of a backup; no manifest lists them, so their names say what they hold. One thread
 * writes.
 */
public final class SealedFolder {
    private static final int BLOCK_BYTES = 1 << 20;

    /** As for backups: higher levels cost far more than they save. */
    private static final int LEVEL = 1;

    /** Contents have 16 MiB at most, and grow by little where they do not compress. */
    private static final int MOST_STORED = 32 << 20;

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
     * Stores an object whole, durably, and asks for it then: nothing lists it, and whoever is told that it is stored may forget
     * what it holds.
     *
     * @param from the first byte of the content that counts
     * @param length how many do
     * @return its size in the store
     * @throws Failure.Conflict if there is one of this name
     * @throws Failure.Retryable if the store cannot take it now, or has not got it afterwards
     * @throws Failure.Fatal if it is full, or may not be written
     */
    public long put(String name, byte[] content, int from, int length) {
        ObjectHeader header = ObjectHeader.fresh(true, BLOCK_BYTES);
        Block block = new Block(Math.min(BLOCK_BYTES, Math.max(length, 1)));
        try (ObjectWriter writer = new ObjectWriter(context, name, header, store.create(prefix + name));
                ZstdCompressCtx compressor = new ZstdCompressCtx()) {
            compressor.setLevel(LEVEL);
            int at = 0;
            do {
                int count = Math.min(BLOCK_BYTES, length - at);
                System.arraycopy(content, from + at, block.content, 0, count);
                at += count;
                block.length = count;
                block.last = at == length;
                writer.seal(block, compressor);
                writer.append(block);
                block.number++;
            } while (at < length);
            long bytes = writer.stored(StoredObject.Kind.WAL, name).bytes();
            store.requireStored(prefix + name, bytes);
            return bytes;
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
     * Decrypts an object's stored bytes to their end.
     *
     * @return the SHA-256 of its content: two objects that hold the same need not be the same bytes
     * @throws DamageException if they are not what was stored under this name, or hold another amount
     */
    public String check(Content object, byte[] stored) throws DamageException {
        MessageDigest digest = Sha256.digest();
        long bytes = 0;
        StoredObject whole =
                new StoredObject(object.name(), StoredObject.Kind.WAL, object.name(), 0, object.bytes(), "");
        try (InputStream in =
                new BlockReader(context, name -> new ByteArrayInputStream(stored), prefix, List.of(whole), 1)) {
            byte[] buffer = new byte[BLOCK_BYTES >> 2];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
                bytes += count;
            }
        } catch (DamageException e) {
            throw e;
        } catch (IOException e) {
            throw new DamageException("The object " + object.name() + ": " + e.getMessage(), e);
        }
        if (bytes != object.bytes()) {
            throw new DamageException(
                    "The object " + object.name() + ": it holds " + bytes + " bytes instead of " + object.bytes());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * An object's bytes as they are stored.
     *
     * @throws Failure.NotFound if it is not there
     * @throws Failure.Retryable if it cannot be read now
     * @throws DamageException if it is larger than any that Nightshift puts into such a folder
     */
    public byte[] stored(String name) throws DamageException {
        try (InputStream in = store.read(prefix + name)) {
            byte[] bytes = in.readNBytes(MOST_STORED + 1);
            if (bytes.length > MOST_STORED) {
                throw new DamageException("The object " + name + ": it is larger than any");
            }
            return bytes;
        } catch (DamageException e) {
            throw e;
        } catch (IOException e) {
            throw new Failure.Retryable(
                    "The object " + prefix + name + " cannot be read from " + store + ": " + e.getMessage() + ".",
                    "Check the store.",
                    e);
        }
    }

    /**
     * Stores an object's bytes as they were stored in another folder of the same name and key, durably, and asks for them then.
     *
     * @throws Failure.Conflict if there is one of this name
     * @throws Failure.Retryable if the store cannot take it now, or has not got it afterwards
     * @throws Failure.Fatal if it is full, or may not be written
     */
    public void putStored(String name, byte[] stored) {
        try (Store.Upload upload = store.create(prefix + name)) {
            upload.write(stored, 0, stored.length);
            upload.commit();
        }
        store.requireStored(prefix + name, stored.length);
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

    /** Deletes objects of it, but for those that the store keeps locked where they lie. */
    public void deleteUnlocked(List<String> names) {
        store.deleteUnlocked(names.stream().map(name -> prefix + name).toList());
    }

    /** What takes room in it, by their names as {@link #list} has them: versions of what was deleted too, where the store keeps them. */
    public List<Store.Entry> taking() {
        return store.taking(prefix).stream()
                .map(each -> new Store.Entry(each.name().substring(prefix.length()), each.bytes()))
                .toList();
    }

    /** Frees what the store keeps of objects that were deleted, as far as it is not locked. */
    public void purge(Predicate<String> which) {
        store.purge(prefix, name -> which.test(name.substring(prefix.length())));
    }

    /** Where it lies, as errors call it. */
    @Override
    public String toString() {
        return store + "/" + prefix;
    }
}
