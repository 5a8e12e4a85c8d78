package dev.nightshift.vault;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;

/**
 * The key of one backup: 256 random bits that encrypt nothing themselves. Every object gets its own key from it, by a
 * salt that no other object has.
 */
public final class DataKey {
    static final int BYTES = 32;
    private final byte[] secret;

    DataKey(byte[] secret) {
        if (secret.length != BYTES) {
            throw new IllegalArgumentException("A data key has 32 bytes.");
        }
        this.secret = secret.clone();
    }

    static DataKey random() {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return new DataKey(bytes);
    }

    byte[] secret() {
        return secret.clone();
    }

    /** 32 bytes for one purpose: HKDF-SHA256 with this key, the salt, and the purpose's words in UTF-8. */
    public byte[] derive(byte[] salt, String purpose) {
        return Hkdf.derive(secret, salt, purpose.getBytes(StandardCharsets.UTF_8), BYTES);
    }

    /** Says nothing of the key. */
    @Override
    public String toString() {
        return "DataKey[hidden]";
    }
}
