package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;

/** A store whose objects a test can damage at will, and that can say it has taken what it has not. */
public final class MemoryStore implements Store {
    public static final Instant LOCKED_UNTIL = Instant.parse("2999-01-01T00:00:00Z");

    public final TreeMap<String, byte[]> objects = new TreeMap<>();

    /** The objects of which a commit does nothing. */
    public volatile Predicate<String> swallowed = name -> false;

    /** The objects that it lets nobody delete, as a bucket of Google's does. */
    public volatile Predicate<String> locked = name -> false;

    public byte[] get(String name) {
        return Objects.requireNonNull(objects.get(name), name);
    }

    @Override
    public Upload create(String name) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        return new Upload() {
            @Override
            public void write(byte[] bytes, int from, int count) {
                content.write(bytes, from, count);
            }

            @Override
            public void commit() {
                synchronized (objects) {
                    if (swallowed.test(name)) {
                        return;
                    }
                    if (objects.putIfAbsent(name, content.toByteArray()) != null) {
                        throw new Failure.Conflict(name + " exists", null);
                    }
                }
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void replace(String name, byte[] bytes) {
        if (objects.replace(name, bytes) == null) {
            throw new Failure.NotFound(name);
        }
    }

    @Override
    public InputStream read(String name) {
        byte[] bytes = objects.get(name);
        if (bytes == null) {
            throw new Failure.NotFound(name);
        }
        return new ByteArrayInputStream(bytes);
    }

    @Override
    public List<Entry> list(String prefix) {
        return objects.entrySet().stream()
                .filter(object -> object.getKey().startsWith(prefix))
                .map(object -> new Entry(object.getKey(), object.getValue().length))
                .toList();
    }

    @Override
    public OptionalLong size(String name) {
        synchronized (objects) {
            byte[] bytes = objects.get(name);
            return bytes == null ? OptionalLong.empty() : OptionalLong.of(bytes.length);
        }
    }

    @Override
    public void delete(String name) {
        if (locked.test(name)) {
            throw new Failure.Unusable("The store refuses (delete " + name + ").", null, null);
        }
        objects.remove(name);
    }

    @Override
    public void deleteFolder(String folder) {
        list(folder + "/").forEach(entry -> delete(entry.name()));
    }

    @Override
    public void deleteUnlocked(List<String> names) {
        names.stream().filter(locked.negate()).forEach(this::delete);
    }

    @Override
    public Optional<Lock> kept(String begin, Failure refused) {
        return lock(begin);
    }

    @Override
    public Optional<Lock> lock(String begin) {
        return list(begin).stream().anyMatch(entry -> locked.test(entry.name()))
                ? Optional.of(new Lock(LOCKED_UNTIL))
                : Optional.empty();
    }

    @Override
    public List<String> folders(int depth) {
        return objects.keySet().stream()
                .map(name -> name.split("/", -1))
                .filter(parts -> parts.length > depth)
                .map(parts -> String.join("/", List.of(parts).subList(0, depth)))
                .distinct()
                .toList();
    }

    @Override
    public OptionalLong freeBytes() {
        return OptionalLong.empty();
    }

    @Override
    public String toString() {
        return "store of a test";
    }
}
