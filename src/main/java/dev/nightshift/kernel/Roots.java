package dev.nightshift.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folders of this machine below which people may name files, or have some written: a login to Nightshift is not a
 * login to its machine.
 *
 * @param folders absolute
 */
public record Roots(List<Path> folders) {
    /** Every path lies below it. */
    public static final Roots ANYWHERE = new Roots(List.of(Path.of("/")));

    public Roots {
        folders = folders.stream()
                .map(folder -> folder.toAbsolutePath().normalize())
                .toList();
    }

    /**
     * As configured.
     *
     * @param named folders, apart by colons; nothing between two of them names no folder, least of all the one in which
     *     the server works
     * @param usual where none is named
     */
    public static Roots of(Optional<String> named, Path usual) {
        List<Path> folders = named.stream()
                .flatMap(text -> Arrays.stream(text.split(":")))
                .map(String::strip)
                .filter(folder -> !folder.isEmpty())
                .map(Path::of)
                .toList();
        return new Roots(folders.isEmpty() ? List.of(usual) : folders);
    }

    /** These, and one file or folder more. */
    public Roots and(Path more) {
        return new Roots(
                Stream.concat(folders.stream(), Stream.of(more)).distinct().toList());
    }

    /** Whether the path is an absolute one below one of them, as far as its text tells. */
    public boolean names(Path path) {
        Path normal = path.normalize();
        return path.isAbsolute() && folders.stream().anyMatch(root -> normal.startsWith(root) && !normal.equals(root));
    }

    /**
     * Whether the path stays below them when its links are followed. It need not exist. The roots themselves may be links:
     * whoever runs the machine made them.
     */
    public boolean holds(Path path) {
        Path normal = path.normalize();
        try {
            Path there = normal;
            while (!Files.exists(there, LinkOption.NOFOLLOW_LINKS)) {
                there = Objects.requireNonNull(there.getParent(), "the root folder exists");
            }
            Path real = there.toRealPath();
            for (Path root : folders) {
                // A root that does not exist yet holds no link.
                if (normal.startsWith(root)
                        && (!Files.exists(root, LinkOption.NOFOLLOW_LINKS) || real.startsWith(root.toRealPath()))) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * The folder that a person named, if it lies below one of them and no link leads out.
     *
     * @throws Failure.Invalid for the field
     */
    public Path confined(String field, String folder) {
        Path path;
        try {
            path = Path.of(folder);
        } catch (InvalidPathException e) {
            throw new Failure.Invalid(field, "This is not a path.");
        }
        if (!names(path)) {
            throw new Failure.Invalid(field, "Give an absolute path below " + joined("or") + ".");
        }
        if (!holds(path)) {
            throw new Failure.Invalid(
                    field, "A link in this path leads out of " + joined("and") + ", or cannot be followed.");
        }
        return path.normalize();
    }

    /** Them, with a word between: {@code "/a or /b"}. */
    public String joined(String word) {
        return String.join(
                " " + word + " ", folders.stream().map(Path::toString).toList());
    }
}
