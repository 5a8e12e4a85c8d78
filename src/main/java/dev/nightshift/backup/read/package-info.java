/**
 * Reads a stored backup: verifies it down to every file and every record of the log, writes it out as a cluster, or decodes
 * it into plain files. It is apart because it has to work without Nightshift: the stand-alone decoder is this package and
 * the stored form.
 */
@NullMarked
package dev.nightshift.backup.read;

import org.jspecify.annotations.NullMarked;
