package dev.nightshift.backup;

import dev.nightshift.kernel.Roots;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.file.Path;
import org.eclipse.microprofile.config.Config;

/**
 * Where restores may write. NIGHTSHIFT_RESTORE_ROOTS names absolute folders, separated by colons; the folder
 * {@code restore} in NIGHTSHIFT_DATA if it is not set.
 */
@ApplicationScoped
class RestoreRoots {
    @Inject
    private Config config;

    private Roots roots() {
        return Roots.of(
                config.getOptionalValue("nightshift.restore.roots", String.class),
                config.getOptionalValue("nightshift.data", Path.class)
                        .orElse(Path.of(".nightshift"))
                        .resolve("restore"));
    }

    /**
     * The folder, if it lies below one of the roots.
     *
     * @throws Failure.Invalid for {@code parameters.folder}
     */
    Path confined(String folder) {
        return roots().confined("parameters.folder", folder);
    }
}
