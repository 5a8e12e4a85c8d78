package dev.nightshift.vault;

import com.google.crypto.tink.Aead;
import dev.nightshift.kernel.Failure;
import java.util.Optional;

/**
 * The installation's one secret: everything else that is encrypted hangs under it. People keep its bytes, or a service has it
 * that never gives them away.
 */
public abstract sealed class MasterKey permits LocalMasterKey, KmsMasterKey {
    MasterKey() {}

    /** Sixteen hexadecimal digits that tell this key from others and reveal nothing of it. */
    public abstract String fingerprint();

    /** What the repository keeps of it. */
    public MasterKeyMark mark() {
        return new MasterKeyMark(fingerprint(), Optional.empty());
    }

    /**
     * Compares with the fingerprint that was stored at first start.
     *
     * @throws Failure.Fatal if this is another key
     */
    public void mustBe(String storedFingerprint) {
        if (!fingerprint().equals(storedFingerprint)) {
            throw new Failure.Fatal(
                    "The master key is the wrong one: its fingerprint is " + fingerprint() + ", this installation's is "
                            + storedFingerprint + ".",
                    remedy(),
                    null);
        }
    }

    /** Wraps and opens the projects' keys; one in a service fails with a {@link Failure} where that does not answer. */
    abstract Aead aead();

    abstract String remedy();

    /** The fingerprint, never the key. */
    @Override
    public String toString() {
        return "MasterKey[" + fingerprint() + "]";
    }
}
