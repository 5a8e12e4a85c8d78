/** The words every other package uses: time, ids, names, sizes, pages and failures. Depends on the JDK alone. */
@NullMarked
package dev.nightshift.kernel;

import org.jspecify.annotations.NullMarked;
