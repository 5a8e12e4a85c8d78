package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * Where the master key comes from. No defaults: Nightshift never invents a master key that nobody has a copy of.
 *
 * @param key NIGHTSHIFT_MASTER_KEY: the text itself
 * @param file NIGHTSHIFT_MASTER_KEY_FILE: a file that holds it
 */
record VaultConfig(Optional<String> key, Optional<Path> file) {
    private static final String REMEDY = "Set NIGHTSHIFT_MASTER_KEY, or NIGHTSHIFT_MASTER_KEY_FILE to a file that holds"
            + " it. For a new installation, make one with: openssl rand -base64 32";

    /** Reads the settings; an empty text counts as not set. */
    static VaultConfig of(Function<String, Optional<String>> setting) {
        return new VaultConfig(
                setting.apply("nightshift.master.key").filter(text -> !text.isBlank()),
                setting.apply("nightshift.master.key.file")
                        .filter(text -> !text.isBlank())
                        .map(text -> Path.of(text.strip())));
    }

    /** @throws Failure.Fatal if there is none, there are two, or it cannot be read */
    MasterKey masterKey() {
        if (key.isPresent() && file.isPresent()) {
            throw new Failure.Fatal(
                    "The master key is given twice: NIGHTSHIFT_MASTER_KEY and NIGHTSHIFT_MASTER_KEY_FILE.",
                    "Set only one of them.",
                    null);
        }
        if (key.isPresent()) {
            return MasterKey.parse(key.get());
        }
        return MasterKey.fromFile(
                file.orElseThrow(() -> new Failure.Fatal("The master key is missing.", REMEDY, null)));
    }

    /** Says where the key comes from, not what it is. */
    @Override
    public String toString() {
        return "VaultConfig["
                + (key.isPresent() ? "key" : file.map(Path::toString).orElse("none")) + "]";
    }
}
