/**
 * Keeps tables in shape: decides which need vacuum or analyze, and does it without being in anybody's way. Nothing counts
 * as done that only warned.
 */
@NullMarked
package dev.nightshift.maintenance;

import org.jspecify.annotations.NullMarked;
