/**
 * Backups: how they are taken, stored, verified and read back. A stored backup explains itself: its manifest names every
 * object, and with the project's key it opens without Nightshift. The stored form is described byte by byte in
 * docs/adr/0001-stored-form.md; readers accept every version ever written.
 */
@NullMarked
package dev.nightshift.backup;

import org.jspecify.annotations.NullMarked;
