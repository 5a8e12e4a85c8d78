package dev.nightshift.runtime.tls;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;

/**
 * Where a person keeps certificate and key.
 *
 * @param certificate NIGHTSHIFT_TLS_CERTIFICATE: PEM, the server's own certificate first, then those between it and the root
 * @param key NIGHTSHIFT_TLS_KEY: PEM, its private key, PKCS-8
 */
public record CertificateFiles(Path certificate, Path key) {
    static final String CERTIFICATE = "NIGHTSHIFT_TLS_CERTIFICATE";
    static final String KEY = "NIGHTSHIFT_TLS_KEY";

    /** More than any chain has. */
    private static final long MOST_BYTES = 1_000_000;

    /** What both files held at one moment. */
    record Content(String certificate, String key) {
        @Override
        public String toString() {
            return "Content[]";
        }
    }

    /**
     * The files that two variables point to; empty where neither is set.
     *
     * @throws Failure.Invalid if one is set without the other, or is no path
     */
    public static Optional<CertificateFiles> of(Optional<String> certificate, Optional<String> key) {
        if (certificate.isEmpty() && key.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new CertificateFiles(path(CERTIFICATE, certificate, KEY), path(KEY, key, CERTIFICATE)));
    }

    private static Path path(String variable, Optional<String> value, String other) {
        try {
            return value.map(text -> Path.of(text).toAbsolutePath().normalize())
                    .orElseThrow(() -> new Failure.Invalid(variable, variable + " is needed with " + other + "."));
        } catch (InvalidPathException e) {
            throw new Failure.Invalid(variable, variable + " is no path: " + e.getReason() + ".");
        }
    }

    /** @throws Failure.Invalid if one cannot be read, or anybody on this machine can read the key */
    Content content() {
        String text = text(CERTIFICATE, certificate);
        String secret = text(KEY, key);
        refuseOpenToAll();
        return new Content(text, secret);
    }

    private static String text(String variable, Path file) {
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MOST_BYTES) {
                throw new Failure.Invalid(variable, variable + " points to " + file + ", which is no PEM file.");
            }
            return Files.readString(file, StandardCharsets.ISO_8859_1); // people write notes between the blocks
        } catch (IOException e) {
            throw new Failure.Invalid(variable, variable + " points to " + file + ", which cannot be read.");
        }
    }

    /** A group may read it: that is how certificates are handed out on many machines. */
    private void refuseOpenToAll() {
        try {
            if (Files.getPosixFilePermissions(key).contains(PosixFilePermission.OTHERS_READ)) {
                throw new Failure.Invalid(
                        KEY,
                        KEY + " points to " + key + ", which everybody on this machine can read: \"chmod o= " + key
                                + "\", and have a new key certified if that was so for long.");
            }
        } catch (IOException e) {
            throw new Failure.Invalid(KEY, KEY + " points to " + key + ", whose permissions cannot be read.");
        }
    }
}
