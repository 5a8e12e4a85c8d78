package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/** A store within another one, that does all as the one within: whoever extends it says what is otherwise. */
abstract class ForwardingStore implements Store {
    final Store store;

    ForwardingStore(Store store) {
        this.store = store;
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
