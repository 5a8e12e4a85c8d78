package dev.nightshift.runtime;

import dev.nightshift.kernel.Disk;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.MasterKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** The file of a master key that the embedded mode generated, and its successor while it is exchanged. */
final class MasterKeyFile {
    /** Beside the key that is in use until the repository knows this one. */
    private static final String NEXT = "next-master.key";

    private final Secrets secrets;

    MasterKeyFile(Secrets secrets) {
        this.secrets = secrets;
    }

    /** Which master key the repository was written under; empty before the first start. */
    static Optional<String> fingerprint(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("select fingerprint from vault.master_key");
                var row = query.executeQuery()) {
            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
        }
    }

    /** The successor; generated and on the disk before anything depends on it. */
    MasterKey next() {
        return MasterKey.fromFile(secrets.keyFile(NEXT));
    }

    /** Makes a given key the successor. */
    void keep(MasterKey key) {
        Secrets.write(secrets.file(NEXT), key.text());
    }

    /** The successor takes the key's place if it is the one that the repository knows; the old key stays beside it. */
    void take(String fingerprint) {
        Path next = secrets.file(NEXT);
        if (!Files.exists(next) || !MasterKey.fromFile(next).fingerprint().equals(fingerprint)) {
            return;
        }
        Path file = secrets.file(Secrets.MASTER_KEY);
        if (Files.exists(file)) {
            MasterKey old = MasterKey.fromFile(file);
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
