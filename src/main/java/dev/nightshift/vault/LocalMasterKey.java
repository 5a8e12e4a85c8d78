package dev.nightshift.vault;

import com.google.crypto.tink.AccessesPartialKey;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.AesGcmKey;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import com.google.crypto.tink.util.SecretBytes;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;

/**
 * A master key that people keep. Its text is base64 (standard or URL alphabet) of at least 32 random bytes, as
 * {@code openssl rand -base64 32} prints them. Losing it loses the backups.
 */
public final class LocalMasterKey extends MasterKey {
    private static final String REMEDY =
            "Set NIGHTSHIFT_MASTER_KEY, or NIGHTSHIFT_MASTER_KEY_FILE to a file with it, to"
                    + " the base64 text of 32 random bytes that was exported when Nightshift was first started.";
    private static final int BYTES = 32;
    private final byte[] secret;
    private final String fingerprint;
    private final Aead aead;

    private LocalMasterKey(byte[] secret) {
        this.secret = secret;
        byte[] print = derive("nightshift master fingerprint v1");
        this.fingerprint = HexFormat.of().formatHex(print, 0, 8);
        this.aead = aead(
                derive("nightshift master wrapping v1"), ByteBuffer.wrap(print).getInt());
    }

    /** A new one, from the JDK's secure random source. */
    public static LocalMasterKey generate() {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return new LocalMasterKey(bytes);
    }

    /**
     * Reads the text form; white space around it does not matter.
     *
     * @throws Failure.Fatal if it is empty, not base64, or fewer than 32 bytes; the text is not repeated
     */
    public static LocalMasterKey parse(String text) {
        String trimmed = text.strip();
        if (trimmed.isEmpty()) {
            throw new Failure.Fatal("The master key is missing: its text is empty.", REMEDY, null);
        }
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(trimmed.replace('-', '+').replace('_', '/'));
        } catch (IllegalArgumentException e) {
            throw new Failure.Fatal("The master key cannot be read: its text is not base64.", REMEDY, null);
        }
        if (bytes.length < BYTES) {
            throw new Failure.Fatal(
                    "The master key is too short: " + bytes.length + " bytes instead of at least 32.", REMEDY, null);
        }
        return new LocalMasterKey(bytes);
    }

    /**
     * Reads the text form from a file.
     *
     * @throws Failure.Fatal if the file cannot be read, or what it holds is no master key
     */
    public static LocalMasterKey fromFile(Path file) {
        try {
            return parse(Files.readString(file, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new Failure.Fatal("The master key file " + file + " cannot be read.", REMEDY, e);
        }
    }

    /** The text form. Show it to the person who must keep it; write it nowhere else. */
    public String text() {
        return Base64.getEncoder().encodeToString(secret);
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    Aead aead() {
        return aead;
    }

    @Override
    String remedy() {
        return REMEDY;
    }

    private byte[] derive(String purpose) {
        return Hkdf.derive(secret, new byte[0], purpose.getBytes(StandardCharsets.UTF_8), BYTES);
    }

    @AccessesPartialKey
    private static Aead aead(byte[] key, int id) {
        try {
            AeadConfig.register();
            AesGcmKey gcm = AesGcmKey.builder()
                    .setParameters(PredefinedAeadParameters.AES256_GCM)
                    .setIdRequirement(id)
                    .setKeyBytes(SecretBytes.copyFrom(key, InsecureSecretKeyAccess.get()))
                    .build();
            return KeysetHandle.newBuilder()
                    .addEntry(KeysetHandle.importKey(gcm).withFixedId(id).makePrimary())
                    .build()
                    .getPrimitive(RegistryConfiguration.get(), Aead.class);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-256-GCM is part of every JDK and of Tink.", e);
        }
    }
}
