/**
 * The stored form of a backup: objects of encrypted blocks, the manifest that names them, and the store they lie in. It is
 * apart because it outlives every version of Nightshift: docs/adr/0001-stored-form.md describes it byte by byte, and readers
 * accept every version ever written.
 */
@NullMarked
package dev.nightshift.backup.stored;

import org.jspecify.annotations.NullMarked;
