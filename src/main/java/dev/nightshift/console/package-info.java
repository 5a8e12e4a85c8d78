/** What the web console needs beyond REST: the live feed that tells open pages what changed. Nothing uses it. */
@NullMarked
package dev.nightshift.console;

import org.jspecify.annotations.NullMarked;
