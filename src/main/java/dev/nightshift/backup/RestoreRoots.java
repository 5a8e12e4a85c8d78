package dev.nightshift.backup;

import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.eclipse.microprofile.config.Config;

/**
 * Where restores may write: a login to Nightshift is not a login to its machine. NIGHTSHIFT_RESTORE_ROOTS names absolute
 * folders, separated by colons; the folder {@code restore} in NIGHTSHIFT_DATA if it is not set.
 */
@ApplicationScoped
class RestoreRoots {
    @Inject
    private Config config;

    List<Path> roots() {
        return config.getOptionalValue("nightshift.restore.roots", String.class)
                .map(RestoreRoots::named)
                .filter(named -> !named.isEmpty())
                .orElseGet(() -> List.of(config.getOptionalValue("nightshift.data", Path.class)
                        .orElse(Path.of(".nightshift"))
                        .resolve("restore")
                        .toAbsolutePath()
                        .normalize()));
    }

    /** Nothing between two colons names no folder, least of all the one in which the server works. */
    static List<Path> named(String value) {
        return Arrays.stream(value.split(":"))
                .filter(folder -> !folder.isBlank())
                .map(Path::of)
                .map(Path::toAbsolutePath)
                .map(Path::normalize)
                .toList();
    }

    /**
     * The folder, if it lies below one of the roots.
     *
     * @throws Failure.Invalid for {@code parameters.folder}
     */
    Path confined(String folder) {
        Path path;
        try {
            path = Path.of(folder);
        } catch (InvalidPathException e) {
            throw new Failure.Invalid("parameters.folder", "This is not a path.");
        }
        Path normal = path.normalize();
        if (!path.isAbsolute() || roots().stream().noneMatch(root -> normal.startsWith(root) && !normal.equals(root))) {
            throw new Failure.Invalid(
                    "parameters.folder", "Give an absolute path below " + String.join(" or ", texts()) + ".");
        }
        if (!leadsBelow(normal)) {
            throw new Failure.Invalid(
                    "parameters.folder",
                    "A link in this path leads out of " + String.join(" and ", texts()) + ", or cannot be followed.");
        }
        return normal;
    }

    /** The roots themselves may be links: whoever runs the machine made them. What lies below them may not lead out. */
    private boolean leadsBelow(Path folder) {
        try {
            Path there = folder;
            while (!Files.exists(there, LinkOption.NOFOLLOW_LINKS)) {
                there = Objects.requireNonNull(there.getParent(), "the root folder exists");
            }
            Path real = there.toRealPath();
            for (Path root : roots()) {
                // A root that does not exist yet holds no link.
                if (folder.startsWith(root)
                        && (!Files.exists(root, LinkOption.NOFOLLOW_LINKS) || real.startsWith(root.toRealPath()))) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    private List<String> texts() {
        return roots().stream().map(Path::toString).toList();
    }
}
