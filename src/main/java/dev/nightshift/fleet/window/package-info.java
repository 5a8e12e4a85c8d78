/** Maintenance windows: when work that loads a database may be done. */
@NullMarked
package dev.nightshift.fleet.window;

import org.jspecify.annotations.NullMarked;
