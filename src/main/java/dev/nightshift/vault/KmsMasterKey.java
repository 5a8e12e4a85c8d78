package dev.nightshift.vault;

import com.google.crypto.tink.Aead;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.kms.Kms;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A master key that lies in a service, which wraps and opens by it. It is known by random bytes that it wrapped when it came into use:
 * what opens them is that key, wherever it lies meanwhile and whichever of its versions is the newest.
 */
public final class KmsMasterKey extends MasterKey {
    private static final byte[] CHECK = "nightshift:master-key-check:v1".getBytes(StandardCharsets.UTF_8);
    private static final String FINGERPRINT = "nightshift kms fingerprint v1";
    private static final int BYTES = 32;

    private final Kms kms;
    private final String fingerprint;
    private final MasterKeyMark.InKms mark;

    private KmsMasterKey(Kms kms, byte[] random, MasterKeyMark.InKms mark) {
        this.kms = kms;
        this.mark = mark;
        this.fingerprint = fingerprint(random);
    }

    private static String fingerprint(byte[] random) {
        return HexFormat.of()
                .formatHex(Hkdf.derive(random, new byte[0], FINGERPRINT.getBytes(StandardCharsets.UTF_8), 8));
    }

    /**
     * Takes a key into use; it gets a fingerprint that no other installation has.
     *
     * @throws Failure if the service does not wrap by it, or does not open again what it wrapped
     */
    public static KmsMasterKey begin(Kms kms) {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        try {
            String check = Base64.getEncoder().encodeToString(kms.encrypt(random, CHECK));
            return open(kms, new MasterKeyMark.InKms(kms.config().uri(), check));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-256-GCM is part of every JDK and of Tink.", e);
        }
    }

    /**
     * Opens the way to the key that is in use.
     *
     * @throws Failure.Fatal if it is another key, or the service says that it cannot be used
     * @throws Failure.Retryable if the service does not answer, or refuses who asks
     */
    public static KmsMasterKey open(Kms kms, MasterKeyMark.InKms mark) {
        try {
            return new KmsMasterKey(kms, kms.decrypt(bytes(mark), CHECK), mark);
        } catch (GeneralSecurityException e) {
            String variable = kms.config().variable();
            throw new Failure.Fatal(
                    "The master key is the wrong one: the key of " + variable
                            + " does not open what this installation's wrapped.",
                    "Set " + variable + " to the key that is in use; it was taken into use as " + mark.uri() + ".",
                    e);
        }
    }

    private static byte[] bytes(MasterKeyMark.InKms mark) {
        try {
            return Base64.getDecoder().decode(mark.check());
        } catch (IllegalArgumentException e) {
            throw new Failure.Fatal(
                    "What the repository keeps of the master key was changed.",
                    "Restore it from a copy of the repository database.",
                    e);
        }
    }

    @Override
    void prove() {
        try {
            if (fingerprint(kms.decrypt(bytes(mark), CHECK)).equals(fingerprint)) {
                return;
            }
            throw replaced(null);
        } catch (GeneralSecurityException e) {
            throw replaced(e);
        }
    }

    private Failure.Unusable replaced(@Nullable Exception cause) {
        String variable = kms.config().variable();
        return new Failure.Unusable(
                "The key of " + variable + " was replaced by another one: it no longer opens what it wrapped.",
                "Bring the former key back under this name, or set " + variable
                        + " to where it lies now. Nothing was stored under the other one.",
                cause);
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    public MasterKeyMark mark() {
        return new MasterKeyMark(fingerprint, Optional.of(mark));
    }

    @Override
    Aead aead() {
        return kms;
    }

    @Override
    String remedy() {
        return "Set NIGHTSHIFT_MASTER_KEY_URI to the key that is in use: " + mark.uri() + " is another one.";
    }
}
