package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.io.InputStream;
import java.util.List;
import java.util.OptionalLong;

/** A store that takes a few bytes of each object and then is full. */
record FailingStore(Store store) implements Store {
    private static final int ROOM = 1000;

    @Override
    public Upload create(String name) {
        Upload upload = store.create(name);
        return new Upload() {
            private int written;

            @Override
            public void write(byte[] bytes, int from, int count) {
                written += count;
                if (written > ROOM) {
                    throw new Failure.Retryable("The store is full.", null, null);
                }
                upload.write(bytes, from, count);
            }

            @Override
            public void commit() {
                upload.commit();
            }

            @Override
            public void close() {
                upload.close();
            }
        };
    }

    @Override
    public void replace(String name, byte[] bytes) {
        throw new Failure.Retryable("The store is full.", null, null);
    }

    @Override
    public InputStream read(String name) {
        return store.read(name);
    }

    @Override
    public List<Entry> list(String prefix) {
        return store.list(prefix);
    }

    @Override
    public OptionalLong size(String name) {
        return store.size(name);
    }

    @Override
    public void delete(String name) {
        store.delete(name);
    }

    @Override
    public void deleteFolder(String folder) {
        store.deleteFolder(folder);
    }

    @Override
    public List<String> folders(int depth) {
        return store.folders(depth);
    }

    @Override
    public OptionalLong freeBytes() {
        return OptionalLong.of(0);
    }
}
