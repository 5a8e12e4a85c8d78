/**
 * Takes a backup from a running server, files and log at once, and stores it. It is apart because it is the only part that
 * speaks with the source, and can be cut off by it at any moment.
 */
@NullMarked
package dev.nightshift.backup.take;

import org.jspecify.annotations.NullMarked;
