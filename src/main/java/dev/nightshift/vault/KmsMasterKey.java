package dev.nightshift.vault;

import com.google.crypto.tink.Aead;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.kms.Kms;
import dev.nightshift.vault.kms.KmsConfig;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A master key that lies in a service, which wraps and opens by it. It is known by random bytes that it wrapped when it came into use:
 * what opens them is that key, wherever it lies meanwhile and whichever of its versions is the newest.
 */
public final class KmsMasterKey extends MasterKey {
    private static final byte[] CHECK = "nightshift:master-key-check:v1".getBytes(StandardCharsets.UTF_8);
    private static final String FINGERPRINT = "nightshift kms fingerprint v1";
    private static final int BYTES = 32;

    private final Aead aead;
    private final String fingerprint;
    private final MasterKeyMark.InKms mark;

    private KmsMasterKey(Aead aead, byte[] random, MasterKeyMark.InKms mark) {
        this.aead = aead;
        this.mark = mark;
        this.fingerprint = HexFormat.of()
                .formatHex(Hkdf.derive(random, new byte[0], FINGERPRINT.getBytes(StandardCharsets.UTF_8), 8));
    }

    /**
     * Takes a key into use; it gets a fingerprint that no other installation has.
     *
     * @throws Failure if the service does not wrap by it, or does not open again what it wrapped
     */
    public static KmsMasterKey begin(KmsConfig config) {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        try {
            String check = Base64.getEncoder().encodeToString(Kms.at(config).encrypt(random, CHECK));
            return open(config, new MasterKeyMark.InKms(config.uri(), check));
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
    public static KmsMasterKey open(KmsConfig config, MasterKeyMark.InKms mark) {
        try {
            Kms kms = Kms.at(config);
            return new KmsMasterKey(kms, kms.decrypt(Base64.getDecoder().decode(mark.check()), CHECK), mark);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new Failure.Fatal(
                    "The master key is the wrong one: the key of " + config.variable()
                            + " does not open what this installation's wrapped.",
                    "Set " + config.variable() + " to the key that is in use; it was taken into use as " + mark.uri()
                            + ".",
                    e);
        }
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
        return aead;
    }

    @Override
    String remedy() {
        return "Set NIGHTSHIFT_MASTER_KEY_URI to the key that is in use: " + mark.uri() + " is another one.";
    }
}
