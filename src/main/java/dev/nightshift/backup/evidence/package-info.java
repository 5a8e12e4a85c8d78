/**
 * Evidence of rows: what the tables of a database held at a position, counted and hashed on the source when its backup is
 * taken, so that the restored copy can be compared with it. It knows neither stores nor sandboxes.
 */
@NullMarked
package dev.nightshift.backup.evidence;

import org.jspecify.annotations.NullMarked;
