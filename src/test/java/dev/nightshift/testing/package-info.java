/** What tests of several packages share: real PostgreSQL servers of every supported version. */
@NullMarked
package dev.nightshift.testing;

import org.jspecify.annotations.NullMarked;
