package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Sealed;
import dev.nightshift.backup.stored.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What pg_dump wrote, as it lies in a backup. Its manifest is authenticated, and names the length of every object. */
final class StoredDump {
    /** What every archive of pg_dump begins with. */
    private static final byte[] MAGIC = "PGDMP".getBytes(StandardCharsets.US_ASCII);

    private static final int CHUNK = 1 << 20;

    private StoredDump() {}

    static InputStream open(Sealed sealed) throws DamageException {
        return sealed.open(Manifest.Dump.STREAM);
    }

    /**
     * Decrypts and decodes it to its end.
     *
     * @return its bytes
     * @throws DamageException if it is not what was stored
     */
    static long readable(Sealed sealed, BackupProgress progress) throws IOException {
        long expected = sealed.manifest().objects(StoredObject.Kind.DUMP).stream()
                .mapToLong(StoredObject::contentBytes)
                .sum();
        long bytes = 0;
        try (InputStream in = open(sealed)) {
            byte[] begin = in.readNBytes(MAGIC.length);
            if (!Arrays.equals(begin, MAGIC)) {
                throw new DamageException("The object " + Manifest.Dump.STREAM + " is no archive of pg_dump");
            }
            bytes = begin.length;
            byte[] chunk = new byte[CHUNK];
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                bytes += count;
                progress.bytes(bytes, expected);
            }
        }
        if (bytes != expected) {
            throw new DamageException("The object " + Manifest.Dump.STREAM + " has " + bytes
                    + " bytes of content instead of " + expected);
        }
        return bytes;
    }
}
