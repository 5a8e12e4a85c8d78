/**
 * What people want of the backups of their servers, and whether they have it: goals, which policy answers for which server, and
 * the judgement of what was measured. It measures nothing itself and deletes nothing.
 */
@NullMarked
package dev.nightshift.backup.policy;

import org.jspecify.annotations.NullMarked;
