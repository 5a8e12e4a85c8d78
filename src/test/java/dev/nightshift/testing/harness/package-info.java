/**
 * The harness that knows the truth by itself: what was committed and where, what lies in the store, what was damaged and
 * cut. It asks Nightshift only for what Nightshift claims.
 */
@NullMarked
package dev.nightshift.testing.harness;

import org.jspecify.annotations.NullMarked;
