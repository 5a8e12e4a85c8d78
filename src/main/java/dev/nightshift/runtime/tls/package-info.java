/**
 * The certificate that HTTPS is served with: read from a person's files and checked before anything starts, made into the key
 * store that the server reads, taken anew when the files are replaced, and watched until it ends.
 */
@NullMarked
package dev.nightshift.runtime.tls;

import org.jspecify.annotations.NullMarked;
