package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.util.OptionalLong;

/** A store that takes a few bytes of each object and then is full. */
final class FailingStore extends ForwardingStore {
    private static final int ROOM = 1000;

    FailingStore(Store store) {
        super(store);
    }

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
    public OptionalLong freeBytes() {
        return OptionalLong.of(0);
    }
}
