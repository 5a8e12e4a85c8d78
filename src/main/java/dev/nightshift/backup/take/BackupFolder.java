package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.BlockPipeline;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.ManifestText;
import dev.nightshift.backup.stored.ObjectContext;
import dev.nightshift.backup.stored.ObjectSeries;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.DataKey;
import dev.nightshift.vault.ProjectKeys;
import dev.nightshift.vault.WrappedKey;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A backup's folder in the store while it fills: under a data key of its own, with a list of what is complete. */
final class BackupFolder {
    private final Store store;
    private final String folder;
    private final DataKey dataKey;
    private final WrappedKey wrapped;
    private final ObjectContext context;
    private final List<StoredObject> objects = new ArrayList<>();

    BackupFolder(Store store, ProjectKeys keys, BackupRequest request) {
        this(store, keys, request.project(), request.backup(), request.folder());
    }

    /** @param folder where it lies in the store */
    BackupFolder(Store store, ProjectKeys keys, ProjectId project, UUID backup, String folder) {
        if (!keys.project().equals(project)) {
            throw new IllegalArgumentException("The keys are of another project.");
        }
        this.store = store;
        this.folder = folder;
        this.dataKey = keys.newDataKey();
        this.wrapped = keys.wrap(dataKey, backup);
        this.context = new ObjectContext(project, backup, dataKey);
    }

    /** A stream that becomes one object. */
    ObjectSeries open(BlockPipeline pipeline, StoredObject.Kind kind, String name) {
        return new ObjectSeries(pipeline, context, store, folder + "/", kind, name, true, 0);
    }

    /** An archive that becomes objects of this size; one that the server compressed is not compressed again. */
    ObjectSeries openArchive(BlockPipeline pipeline, String name, long partBytes) {
        boolean compress = !name.endsWith(".zst");
        StoredObject.Kind kind = StoredObject.Kind.ARCHIVE;
        return new ObjectSeries(pipeline, context, store, folder + "/", kind, name, compress, partBytes);
    }

    /** What pg_dump writes, which becomes objects of this size. */
    ObjectSeries openDump(BlockPipeline pipeline, String name, long partBytes) {
        return new ObjectSeries(pipeline, context, store, folder + "/", StoredObject.Kind.DUMP, name, true, partBytes);
    }

    /** Stores something small at once. */
    void save(BlockPipeline pipeline, StoredObject.Kind kind, String name, byte[] content) {
        try (ObjectSeries series = open(pipeline, kind, name)) {
            series.write(content);
            add(series.finish());
        }
    }

    /** Takes note of objects that are complete; the manifest will name them in this order. */
    void add(List<StoredObject> complete) {
        objects.addAll(complete);
    }

    List<StoredObject> objects() {
        return List.copyOf(objects);
    }

    /** Of all objects, as stored. */
    long bytes() {
        return objects.stream().mapToLong(StoredObject::bytes).sum();
    }

    /** The data key, wrapped by the project's. */
    WrappedKey key() {
        return wrapped;
    }

    /**
     * Stores the manifest, and with it the backup exists.
     *
     * @throws Failure.Retryable if an object is not in the store any more: another node took this for a leftover; or the
     *     manifest is not, although the store has taken it
     */
    void complete(Manifest manifest) {
        for (StoredObject object : objects) {
            requireStored(object.name(), object.bytes());
        }
        byte[] text = ManifestText.write(manifest, dataKey);
        try (Store.Upload upload = store.create(folder + "/" + Manifest.NAME)) {
            upload.write(text, 0, text.length);
            upload.commit();
        }
        // Without it all the others are no backup: it is asked for as they are
        requireStored(Manifest.NAME, text.length);
    }

    private void requireStored(String object, long bytes) {
        String name = folder + "/" + object;
        if (store.size(name).orElse(-1) != bytes) {
            throw new Failure.Retryable(
                    "The object " + name + " is gone from the store, or has another size than was written.",
                    "Look who else deletes in the store.",
                    null);
        }
    }

    /** Deletes everything in it. */
    void discard() {
        store.deleteFolder(folder);
    }
}
