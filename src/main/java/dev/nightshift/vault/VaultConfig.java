package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.kms.KmsConfig;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * Where the master key comes from. No defaults: Nightshift never invents a master key that nobody has a copy of.
 *
 * @param key NIGHTSHIFT_MASTER_KEY: the text itself
 * @param file NIGHTSHIFT_MASTER_KEY_FILE: a file that holds it
 * @param kms NIGHTSHIFT_MASTER_KEY_URI: where it lies, if in a service
 */
record VaultConfig(Optional<String> key, Optional<Path> file, Optional<KmsConfig> kms) {
    private static final String REMEDY = "Set NIGHTSHIFT_MASTER_KEY, NIGHTSHIFT_MASTER_KEY_FILE to a file that holds"
            + " it, or NIGHTSHIFT_MASTER_KEY_URI if it lies in a KMS. For a new installation, make one with: openssl rand -base64 32";

    /**
     * Reads the settings; an empty text counts as not set.
     *
     * @throws Failure.Fatal if those of a service cannot be used
     */
    static VaultConfig of(Function<String, Optional<String>> setting) {
        return new VaultConfig(
                setting.apply("nightshift.master.key").filter(text -> !text.isBlank()),
                setting.apply("nightshift.master.key.file")
                        .filter(text -> !text.isBlank())
                        .map(text -> Path.of(text.strip())),
                kms(setting));
    }

    private static Optional<KmsConfig> kms(Function<String, Optional<String>> setting) {
        try {
            return KmsConfig.of(KmsConfig.IN_USE, setting);
        } catch (Failure.Invalid e) {
            throw new Failure.Fatal(e.getMessage(), REMEDY, null);
        }
    }

    /** @throws Failure.Fatal if both are set */
    void requireOne() {
        if (kms.isPresent() && (key.isPresent() || file.isPresent())) {
            throw new Failure.Fatal(
                    "The master key is given twice: NIGHTSHIFT_MASTER_KEY_URI, and its bytes.",
                    "Set NIGHTSHIFT_MASTER_KEY_URI alone, or leave it out.",
                    null);
        }
    }

    /** @throws Failure.Fatal if there is none, there are two, or it cannot be read */
    LocalMasterKey masterKey() {
        requireOne();
        if (key.isPresent() && file.isPresent()) {
            throw new Failure.Fatal(
                    "The master key is given twice: NIGHTSHIFT_MASTER_KEY and NIGHTSHIFT_MASTER_KEY_FILE.",
                    "Set only one of them.",
                    null);
        }
        if (key.isPresent()) {
            return LocalMasterKey.parse(key.get());
        }
        return LocalMasterKey.fromFile(
                file.orElseThrow(() -> new Failure.Fatal("The master key is missing.", REMEDY, null)));
    }

    /** Says where the key comes from, not what it is. */
    @Override
    public String toString() {
        return "VaultConfig["
                + (key.isPresent()
                        ? "key"
                        : file.map(Path::toString)
                                .or(() -> kms.map(KmsConfig::uri))
                                .orElse("none"))
                + "]";
    }
}
