/**
 * Proves a backup, level by level, up to a server that was started from it in a sandbox and whose tables and indexes were
 * checked. It is apart because it believes nothing that was said when the backup was taken: it knows what is stored, and
 * nothing of how it came there.
 */
@NullMarked
package dev.nightshift.backup.proof;

import org.jspecify.annotations.NullMarked;
