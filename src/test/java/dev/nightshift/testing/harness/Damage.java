package dev.nightshift.testing.harness;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Damages a stored backup behind the product's back, where chance says. */
public final class Damage {
    private final Random random;

    /** @param random of {@link Seed#of}, so that the same damage can be done again */
    public Damage(Random random) {
        this.random = random;
    }

    /** What can happen to stored objects. */
    public enum Kind {
        /** One bit is another. */
        FLIP,
        /** The end is missing. */
        TRUNCATE,
        /** Two objects have changed places. */
        SWAP,
        /** An object is gone. */
        DELETE
    }

    /**
     * What was done.
     *
     * @param objects the damaged ones, relative to the backup's folder; two for a swap
     * @param offset of the flipped byte, or the length that is left; 0 for the other kinds
     * @param resized whether one of them has another size than before, or is gone
     */
    public record Done(Kind kind, List<String> objects, long offset, boolean resized) {
        public Done {
            objects = List.copyOf(objects);
        }
    }

    /** Does damage of this kind to an object, or two, of the backup in this folder. */
    public Done inflict(Kind kind, Path folder) throws IOException {
        List<Path> objects = objects(folder);
        Path object = objects.get(random.nextInt(objects.size()));
        String name = folder.relativize(object).toString();
        long size = Files.size(object);
        return switch (kind) {
            case FLIP -> {
                long offset = random.nextLong(size);
                flip(object, offset, random.nextInt(8));
                yield new Done(kind, List.of(name), offset, false);
            }
            case TRUNCATE -> {
                long length = random.nextLong(size);
                try (RandomAccessFile content = new RandomAccessFile(object.toFile(), "rw")) {
                    content.setLength(length);
                }
                yield new Done(kind, List.of(name), length, true);
            }
            case SWAP -> {
                List<Path> others =
                        objects.stream().filter(each -> !each.equals(object)).toList();
                Path other = others.get(random.nextInt(others.size()));
                boolean resized = Files.size(other) != size;
                Path aside = object.resolveSibling(object.getFileName() + ".aside");
                Files.move(object, aside);
                Files.move(other, object);
                Files.move(aside, other);
                yield new Done(kind, List.of(name, folder.relativize(other).toString()), 0, resized);
            }
            case DELETE -> {
                Files.delete(object);
                yield new Done(kind, List.of(name), 0, true);
            }
        };
    }

    private static List<Path> objects(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** Flips one bit in the middle of a file; the same again undoes it. */
    public static void flip(Path file) throws IOException {
        flip(file, Files.size(file) / 2, 4);
    }

    private static void flip(Path file, long offset, int bit) throws IOException {
        try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
            content.seek(offset);
            int old = content.read();
            content.seek(offset);
            content.write(old ^ 1 << bit);
        }
    }
}
