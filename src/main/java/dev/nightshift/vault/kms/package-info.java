/**
 * Keys that lie in a service and never leave it: AWS KMS, and the transit engine of HashiCorp Vault and OpenBao. Each is an AEAD; what
 * it wraps is a key of its own for every text, so that no text is too long for the service.
 */
@NullMarked
package dev.nightshift.vault.kms;

import org.jspecify.annotations.NullMarked;
