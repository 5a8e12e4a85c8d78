/**
 * Two people for one deletion: where a project wants that, what would let its backups vanish is not done when one person asks
 * for it, but kept as a request that another one approves. Which actions these are, the features say: each is a {@link
 * dev.nightshift.backup.deletion.DeletingAction}, and whoever serves it over REST calls {@link
 * dev.nightshift.backup.deletion.DeletionRequests#require} first.
 */
@NullMarked
package dev.nightshift.backup.deletion;

import org.jspecify.annotations.NullMarked;
