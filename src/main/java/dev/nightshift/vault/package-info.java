/**
 * Keys: the installation's master key, each project's keys under it, and the data keys of single backups. Whoever
 * needs something kept secret asks here; no other package holds key bytes.
 */
@NullMarked
package dev.nightshift.vault;

import org.jspecify.annotations.NullMarked;
