package dev.nightshift.backup.stored;

import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.DataKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.OptionalLong;

/** A stored backup whose key is at hand: its objects as they are stored, and its streams in the clear. */
public final class Sealed {
    /** Below this the cipher's warm-up costs more than it saves. */
    private static final long LARGE = 64L << 20;

    private final Manifest manifest;
    private final Store store;
    private final String prefix;
    private final ObjectContext context;
    private final int threads;

    /** @param prefix of its objects' names in the store: empty, or ends with a slash */
    private Sealed(Manifest manifest, Store store, String prefix, ObjectContext context, int threads) {
        this.manifest = manifest;
        this.store = store;
        this.prefix = prefix;
        this.context = context;
        this.threads = threads;
    }

    /**
     * Reads the manifest and checks that it was written with these keys and not changed since.
     *
     * @param folder of the backup in the store; empty if the store is the backup's folder itself
     * @throws Failure.NotFound if there is no manifest: what was interrupted is no backup
     * @throws Failure.Fatal if the manifest was changed, is of a newer version, or needs other keys
     * @throws Failure.Retryable if the store cannot be read now
     */
    public static Sealed open(Store store, String folder, BackupKeys keys) {
        String prefix = folder.isEmpty() ? "" : folder + "/";
        byte[] text = text(store, prefix);
        String name = store + "/" + prefix + Manifest.NAME;
        Manifest manifest = ManifestText.parse(text, name);
        DataKey key = ManifestText.authenticate(manifest, text, name, keys);
        ObjectContext context = new ObjectContext(manifest.project(), manifest.backup(), key);
        if (manifest.objects().stream().mapToLong(StoredObject::bytes).sum() > LARGE) {
            AesGcm.warmUp();
        }
        int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));
        return new Sealed(manifest, store, prefix, context, threads);
    }

    /**
     * A manifest without a key, and so without knowing who wrote it: for lists, never for decisions.
     *
     * @throws Failure.NotFound if there is none
     * @throws Failure.Fatal if it is none of a version known here
     * @throws Failure.Retryable if the store cannot be read now
     */
    public static Manifest peek(Store store, String folder) {
        return ManifestText.parse(text(store, folder + "/"), store + "/" + folder + "/" + Manifest.NAME);
    }

    private static byte[] text(Store store, String prefix) {
        return SignedText.read(store, prefix + Manifest.NAME);
    }

    public Manifest manifest() {
        return manifest;
    }

    /** Where it lies, as errors call it. */
    public Store store() {
        return store;
    }

    /** The bytes that an object has in the store; empty if it is not there. */
    public OptionalLong size(StoredObject object) {
        return store.size(prefix + object.name());
    }

    /**
     * An object's bytes as they are stored, neither decrypted nor checked.
     *
     * @throws Failure.NotFound if it is not there
     * @throws Failure.Retryable if it cannot be read now
     */
    public InputStream raw(StoredObject object) {
        return store.read(prefix + object.name());
    }

    /**
     * The stream's content, its parts joined; reading it throws {@link DamageException} where it is not what was stored.
     *
     * @throws DamageException if the manifest names no such stream
     */
    public InputStream open(String stream) throws DamageException {
        List<StoredObject> parts = manifest.stream(stream);
        if (parts.isEmpty()) {
            throw new DamageException("The manifest names no object of " + stream);
        }
        return open(parts);
    }

    /** The content of several objects, joined; reading it throws {@link DamageException} where it is not what was stored. */
    public InputStream open(List<StoredObject> objects) {
        return new BlockReader(context, store, prefix, objects, threads);
    }

    /**
     * A stream that fits into memory.
     *
     * @throws DamageException if it is not what was stored, naming the object
     * @throws IOException if the store breaks off
     */
    public byte[] bytes(String stream) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (InputStream in = open(stream)) {
            in.transferTo(all);
        }
        return all.toByteArray();
    }
}
