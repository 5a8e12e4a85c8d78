/**
 * How Google's services are logged in to: the key of a service account, which signs for an access token, and how long such a token
 * serves. Stores and keys in a service both need it, and neither uses the other; of the packages below both, the kernel depends on
 * the JDK alone, and a key file is JSON.
 */
@NullMarked
package dev.nightshift.google;

import org.jspecify.annotations.NullMarked;
