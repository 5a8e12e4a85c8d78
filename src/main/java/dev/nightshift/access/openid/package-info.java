/** Logging in by an OpenID provider: the protocol alone. Who somebody is here, and may do, is the parent package's. */
@NullMarked
package dev.nightshift.access.openid;

import org.jspecify.annotations.NullMarked;
