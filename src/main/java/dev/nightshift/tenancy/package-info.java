/**
 * Puts the project on the transaction. Row level security admits only rows of that project, so code that forgets a
 * condition reads nothing rather than somebody else's rows.
 */
@NullMarked
package dev.nightshift.tenancy;

import org.jspecify.annotations.NullMarked;
