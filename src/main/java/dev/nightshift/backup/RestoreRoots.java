package dev.nightshift.backup;

import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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
                .filter(value -> !value.isBlank())
                .map(value -> Arrays.stream(value.split(":"))
                        .map(Path::of)
                        .map(Path::toAbsolutePath)
                        .map(Path::normalize)
                        .toList())
                .orElseGet(() -> List.of(config.getOptionalValue("nightshift.data", Path.class)
                        .orElse(Path.of(".nightshift"))
                        .resolve("restore")
                        .toAbsolutePath()
                        .normalize()));
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
        return normal;
    }

    private List<String> texts() {
        return roots().stream().map(Path::toString).toList();
    }
}
