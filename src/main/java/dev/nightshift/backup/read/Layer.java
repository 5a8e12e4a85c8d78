package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Sealed;
import java.io.IOException;

/** One backup of a chain, with the server's list of what it sent. */
record Layer(Sealed sealed, ServerManifest list) {
    static Layer read(Sealed sealed) throws DamageException {
        try {
            return new Layer(sealed, ServerManifest.parse(sealed.bytes(ServerManifest.NAME)));
        } catch (DamageException e) {
            throw e;
        } catch (IOException e) {
            throw new DamageException("The object " + ServerManifest.NAME + ": " + e.getMessage(), e);
        }
    }

    Manifest manifest() {
        return sealed.manifest();
    }

    /** Of all files, as listed. */
    long bytes() {
        return list.files().values().stream()
                .mapToLong(ServerManifest.Listed::bytes)
                .sum();
    }
}
