package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Sealed;
import dev.nightshift.backup.stored.Sha256;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.OptionalLong;

/** What can be said of a backup's objects without opening them. */
final class ObjectChecks {
    private ObjectChecks() {}

    /** Every object is there with its size. */
    static void stored(Sealed sealed) throws DamageException {
        for (StoredObject object : sealed.manifest().objects()) {
            OptionalLong size = sealed.size(object);
            if (size.isEmpty()) {
                throw new DamageException("The object " + object.name() + " is missing");
            }
            if (size.getAsLong() != object.bytes()) {
                throw new DamageException("The object " + object.name() + " has " + size.getAsLong()
                        + " bytes instead of " + object.bytes());
            }
        }
    }

    /**
     * Every object has the SHA-256 that its manifest says.
     *
     * @param done bytes that were read so far, counted on
     * @param total of all that is read
     */
    static void intact(Sealed sealed, long[] done, long total, BackupProgress progress) throws IOException {
        byte[] buffer = new byte[1 << 20];
        for (StoredObject object : sealed.manifest().objects()) {
            MessageDigest digest = Sha256.digest();
            try (InputStream in = sealed.raw(object)) {
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    digest.update(buffer, 0, count);
                    done[0] += count;
                }
            } catch (Failure.NotFound e) {
                throw new DamageException("The object " + object.name() + " is missing", e);
            }
            if (!HexFormat.of().formatHex(digest.digest()).equals(object.sha256())) {
                throw new DamageException("The object " + object.name() + " has another SHA-256 than was stored");
            }
            progress.bytes(done[0], total);
        }
    }
}
