package dev.nightshift.vault;

/**
 * A backup's data key as its manifest holds it.
 *
 * @param keyId eight hexadecimal digits: which of the project's keys wrapped it
 * @param wrapped base64 of the ciphertext, laid out as in the decision record on the stored form
 */
public record WrappedKey(String keyId, String wrapped) {}
