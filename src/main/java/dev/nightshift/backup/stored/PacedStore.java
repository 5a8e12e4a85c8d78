package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/** A store whose objects are read no faster than a limit has it; all else is as in the store itself. */
public final class PacedStore implements Store {
    /** In small steps, so that several readers share a low rate evenly, and each one's progress is seen. */
    private static final int STEP = 64 << 10;

    private final Store store;
    private final RateLimit limit;
    private final Runnable check;

    /** @param check run several times a second while a reader waits, by its thread; what it throws ends the reading */
    public PacedStore(Store store, RateLimit limit, Runnable check) {
        this.store = store;
        this.limit = limit;
        this.check = check;
    }

    private final class Paced extends FilterInputStream {
        Paced(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int one = in.read();
            if (one >= 0) {
                limit.take(1, check);
            }
            return one;
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            int read = in.read(into, from, Math.min(count, STEP));
            if (read > 0) {
                limit.take(read, check);
            }
            return read;
        }
    }

    @Override
    public InputStream read(String name) {
        return new Paced(store.read(name));
    }

    @Override
    public Upload create(String name) {
        return store.create(name);
    }

    @Override
    public void replace(String name, byte[] bytes) {
        store.replace(name, bytes);
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
    public List<Entry> taking(String begin) {
        return store.taking(begin);
    }

    @Override
    public Optional<Doubt> doubt() {
        return store.doubt();
    }

    @Override
    public void purge(String begin, Predicate<String> which) {
        store.purge(begin, which);
    }

    @Override
    public Optional<Lock> lock(String begin) {
        return store.lock(begin);
    }

    @Override
    public Optional<Lock> kept(String begin, Failure refused) {
        return store.kept(begin, refused);
    }

    @Override
    public void deleteUnlocked(List<String> names) {
        store.deleteUnlocked(names);
    }

    @Override
    public void requireStored(String name, long bytes) {
        store.requireStored(name, bytes);
    }

    @Override
    public List<String> folders(int depth) {
        return store.folders(depth);
    }

    @Override
    public OptionalLong freeBytes() {
        return store.freeBytes();
    }

    @Override
    public OptionalLong objectBytes() {
        return store.objectBytes();
    }

    /** As errors call the store. */
    @Override
    public String toString() {
        return store.toString();
    }
}
