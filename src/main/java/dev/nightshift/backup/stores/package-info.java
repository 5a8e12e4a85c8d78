/**
 * The stores of an installation: which there are, where they lie, what opens them, and whether they work. Backups name their
 * store in the catalogue; whoever takes, reads or sweeps them gets it from here. It is apart from what a store is
 * ({@code stored}, {@code remote}), which knows of no configuration and no repository.
 */
@NullMarked
package dev.nightshift.backup.stores;

import org.jspecify.annotations.NullMarked;
