package dev.nightshift.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * A value that opens something: a session's cookie or an API key. Only its SHA-256 is stored. A plain hash is enough
 * because 256 random bits cannot be guessed; people's passwords go through {@link Passwords} instead.
 */
record Secret(String value) {
    private static final SecureRandom RANDOM = new SecureRandom();

    /** The prefix plus 32 random bytes in URL-safe Base64. */
    static Secret random(String prefix) {
        byte[] bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        return new Secret(prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    byte[] hash() {
        try {
            return MessageDigest.getInstance("SHA-256").digest(value.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256.", e);
        }
    }

    /** Never the value: records are printed in logs and errors. */
    @Override
    public String toString() {
        return "Secret[…]";
    }
}
