/** The console in a real browser. */
@NullMarked
package dev.nightshift.console;

import org.jspecify.annotations.NullMarked;
