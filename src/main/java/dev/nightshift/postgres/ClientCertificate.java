package dev.nightshift.postgres;

import java.nio.file.Path;

/**
 * What a role logs in with instead of a password, or beside it. Both files are read at every connect.
 *
 * @param certificate PEM file: the role's certificate, then those between it and the authority, if there are any
 * @param key PEM file of its private key: PKCS #8, without a passphrase
 */
public record ClientCertificate(Path certificate, Path key) {}
