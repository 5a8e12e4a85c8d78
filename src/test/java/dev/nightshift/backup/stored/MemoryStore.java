package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;

/** A store whose objects a test can damage at will, and that can say it has taken what it has not. */
public final class MemoryStore implements Store {
    public final TreeMap<String, byte[]> objects = new TreeMap<>();

    /** The objects of which a commit does nothing. */
    public volatile Predicate<String> swallowed = name -> false;

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
        objects.remove(name);
    }

    @Override
    public void deleteFolder(String folder) {
        objects.keySet().removeIf(name -> name.startsWith(folder + "/"));
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
