package dev.nightshift.runtime;

import dev.nightshift.kernel.Disk;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.LocalMasterKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The file of a master key that the embedded mode generated, and its successor while it is exchanged. */
final class MasterKeyFile {
    /** Beside the key that is in use until the repository knows this one. */
    private static final String NEXT = "next-master.key";

    private final Secrets secrets;

    MasterKeyFile(Secrets secrets) {
        this.secrets = secrets;
    }

    /** The successor; generated and on the disk before anything depends on it. */
    LocalMasterKey next() {
        return LocalMasterKey.fromFile(secrets.keyFile(NEXT));
    }

    /** Makes a given key the successor. */
    void keep(LocalMasterKey key) {
        Secrets.write(secrets.file(NEXT), key.text());
    }

    /** The successor takes the key's place if it is the one that the repository knows; the old key stays beside it. */
    void take(String fingerprint) {
        Path next = secrets.file(NEXT);
        if (!Files.exists(next) || !LocalMasterKey.fromFile(next).fingerprint().equals(fingerprint)) {
            return;
        }
        Path file = secrets.file(Secrets.MASTER_KEY);
        if (Files.exists(file)) {
            LocalMasterKey old = LocalMasterKey.fromFile(file);
            Secrets.write(secrets.file("old-master-" + old.fingerprint() + ".key"), old.text());
        }
        try {
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            Disk.syncFolder(file.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw new Failure.Fatal(
                    "The new master key " + next + " cannot take the name of the old one: " + e.getMessage(),
                    "Rename it to " + file + ".",
                    e);
        }
    }
}
