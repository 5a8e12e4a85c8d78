/**
 * Backups as a project has them: the jobs that take, prove and restore them, the catalogue, and what the API shows of it.
 * Each of the works behind the jobs is a package of its own below this one: {@code stored}, {@code read}, {@code take} and
 * {@code proof}. A stored backup explains itself: its manifest names every object, and with the project's key it opens
 * without Nightshift.
 */
@NullMarked
package dev.nightshift.backup;

import org.jspecify.annotations.NullMarked;
