package dev.nightshift.vault.kms;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.KmsEnvelopeAead;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import dev.nightshift.kernel.Failure;
import java.security.GeneralSecurityException;
import org.jspecify.annotations.Nullable;

/**
 * A key in a service, for texts of any length: each is encrypted under a key of its own, which the service wraps (Tink's envelope). The
 * associated data is bound within, and handed to the service besides, which has it in its own log, and binds it where it can.
 *
 * <p>What the service did not open, since it was changed or another key wrapped it, is a {@link GeneralSecurityException}. All else
 * that goes wrong there is a {@link Failure}: Retryable if it may pass by itself, Fatal if a person has to do something.
 */
public final class Kms implements Aead {
    private final Aead remote;

    Kms(Aead remote) {
        this.remote = remote;
    }

    /** Asks nothing yet. */
    public static Kms at(KmsConfig config) {
        return new Kms(config.isAws() ? AwsKms.at(config) : TransitKms.at(config));
    }

    @Override
    public byte[] encrypt(byte[] plaintext, byte @Nullable [] associatedData) throws GeneralSecurityException {
        return envelope(associatedData).encrypt(plaintext, associatedData);
    }

    @Override
    public byte[] decrypt(byte[] ciphertext, byte @Nullable [] associatedData) throws GeneralSecurityException {
        return envelope(associatedData).decrypt(ciphertext, associatedData);
    }

    private Aead envelope(byte @Nullable [] associatedData) throws GeneralSecurityException {
        AeadConfig.register();
        return KmsEnvelopeAead.create(PredefinedAeadParameters.AES256_GCM, new Bound(remote, associatedData));
    }

    /** Tink's envelope hands the service no associated data; this does. */
    private static final class Bound implements Aead {
        private final Aead remote;
        private final byte @Nullable [] associatedData;

        Bound(Aead remote, byte @Nullable [] associatedData) {
            this.remote = remote;
            this.associatedData = associatedData;
        }

        @Override
        public byte[] encrypt(byte[] plaintext, byte @Nullable [] none) throws GeneralSecurityException {
            return remote.encrypt(plaintext, associatedData);
        }

        @Override
        public byte[] decrypt(byte[] ciphertext, byte @Nullable [] none) throws GeneralSecurityException {
            return remote.decrypt(ciphertext, associatedData);
        }
    }

    static Failure.Retryable away(String variable, String why, @Nullable Throwable cause) {
        return new Failure.Retryable(
                "The KMS of " + variable + " " + why + ".",
                "It is asked again. Make sure that it runs and can be reached from this machine.",
                cause);
    }

    static Failure.Fatal unknown(String variable) {
        return new Failure.Fatal(
                "The KMS does not know the key of " + variable + ".",
                "Correct the variable, or bring the key back.",
                null);
    }
}
