/** Backups that other tools took, as those tell of them: shown beside ours, never read, checked or restored. */
@NullMarked
package dev.nightshift.backup.adopted;

import org.jspecify.annotations.NullMarked;
