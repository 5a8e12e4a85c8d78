package dev.nightshift.backup;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * A stored backup whose key is at hand: its streams in the clear.
 *
 * @param prefix of its objects' names in the store: empty, or ends with a slash
 */
record Sealed(Manifest manifest, Store store, String prefix, ObjectContext context, int threads) {

    /** The stream's content, its parts joined. */
    InputStream open(String stream) throws DamageException {
        List<StoredObject> parts = manifest.stream(stream);
        if (parts.isEmpty()) {
            throw new DamageException("The manifest names no object of " + stream);
        }
        return new BlockReader(context, store, prefix, parts, threads);
    }

    /** A stream that fits into memory. */
    byte[] bytes(String stream) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (InputStream in = open(stream)) {
            in.transferTo(all);
        }
        return all.toByteArray();
    }
}
