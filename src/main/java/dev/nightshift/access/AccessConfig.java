package dev.nightshift.access;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * What the environment says about access.
 *
 * @param bootstrapKey an API key of the installation's admin that must exist after start; NIGHTSHIFT_BOOTSTRAP_KEY, or a
 *     file named by NIGHTSHIFT_BOOTSTRAP_KEY_FILE
 * @param adminPassword the first person's password; NIGHTSHIFT_ADMIN_PASSWORD, or a file named by
 *     NIGHTSHIFT_ADMIN_PASSWORD_FILE
 */
record AccessConfig(Optional<Secret> bootstrapKey, Optional<Secret> adminPassword) {
    /** A key that a person chose rather than a generator: long enough that it cannot be guessed over the network. */
    static final int SHORTEST_BOOTSTRAP_KEY = 32;

    static AccessConfig read() {
        return from(key -> ConfigProvider.getConfig().getOptionalValue(key, String.class));
    }

    /** @throws Failure.Fatal if a file cannot be read or the bootstrap key is too short */
    static AccessConfig from(Function<String, Optional<String>> settings) {
        Optional<Secret> key = secret(settings, "nightshift.bootstrap.key");
        if (key.isPresent() && key.get().value().length() < SHORTEST_BOOTSTRAP_KEY) {
            throw new Failure.Fatal(
                    "The bootstrap key has fewer than " + SHORTEST_BOOTSTRAP_KEY + " characters.",
                    "Set NIGHTSHIFT_BOOTSTRAP_KEY to a random value of " + SHORTEST_BOOTSTRAP_KEY
                            + " characters or more, or leave it out.",
                    null);
        }
        return new AccessConfig(key, secret(settings, "nightshift.admin.password"));
    }

    private static Optional<Secret> secret(Function<String, Optional<String>> settings, String key) {
        Optional<String> file = settings.apply(key + ".file").filter(f -> !f.isBlank());
        Optional<String> value =
                file.isPresent() ? Optional.of(content(key, Path.of(file.get()))) : settings.apply(key);
        return value.map(String::strip).filter(v -> !v.isEmpty()).map(Secret::new);
    }

    private static String content(String key, Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new Failure.Fatal(
                    "The file that " + key + ".file names cannot be read: " + file + ".",
                    "Check that it exists and that the server's user may read it.",
                    e);
        }
    }
}
