package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * By which master key the repository was written: what is kept of it there.
 *
 * @param fingerprint sixteen hexadecimal digits
 * @param kms where it lies, if in a service; empty for one that people keep
 */
public record MasterKeyMark(String fingerprint, Optional<InKms> kms) {
    /**
     * A key in a service.
     *
     * @param uri as it was given when the mark was made; the key may have moved since
     * @param check base64: random bytes wrapped by the key, which the fingerprint is derived from. What opens them is the key
     */
    public record InKms(String uri, String check) {}

    /**
     * Reads it; empty before the first start.
     *
     * @param lock whether to hold the row until the transaction ends
     */
    public static Optional<MasterKeyMark> read(Connection connection, boolean lock) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select fingerprint, kms_uri, kms_check from vault.master_key
                        """ + (lock ? " for update" : ""));
                ResultSet row = query.executeQuery()) {
            if (!row.next()) {
                return Optional.empty();
            }
            String uri = row.getString(2);
            return Optional.of(new MasterKeyMark(
                    row.getString(1), uri == null ? Optional.empty() : Optional.of(new InKms(uri, row.getString(3)))));
        }
    }

    /** As the values of {@code fingerprint, kms_uri, kms_check}, in this order. */
    void set(PreparedStatement statement) throws SQLException {
        statement.setString(1, fingerprint);
        statement.setString(2, kms.map(InKms::uri).orElse(null));
        statement.setString(3, kms.map(InKms::check).orElse(null));
    }

    /**
     * Lets pass a key that people keep, if this is one's mark.
     *
     * @throws Failure.Fatal if the installation's key lies in a service
     */
    public void requireLocal() {
        kms.ifPresent(there -> {
            throw new Failure.Fatal(
                    "The master key of this installation lies in a KMS: " + there.uri() + ".",
                    "Set NIGHTSHIFT_MASTER_KEY_URI to it, and neither NIGHTSHIFT_MASTER_KEY nor NIGHTSHIFT_MASTER_KEY_FILE.",
                    null);
        });
    }

    /**
     * Lets pass a key in a service, if this is one's mark.
     *
     * @throws Failure.Fatal if people keep the installation's key
     */
    public InKms requireKms() {
        return kms.orElseThrow(() -> new Failure.Fatal(
                "The master key of this installation, " + fingerprint + ", lies in no KMS.",
                "Leave NIGHTSHIFT_MASTER_KEY_URI out and start with that key; the command rotate-master-key moves to a KMS,"
                        + " with NIGHTSHIFT_NEW_MASTER_KEY_URI.",
                null));
    }
}
