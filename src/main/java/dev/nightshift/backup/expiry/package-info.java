/** Which backups go and which stay: the rule, and what it says of the backups that there are. Deletes nothing. */
@NullMarked
package dev.nightshift.backup.expiry;

import org.jspecify.annotations.NullMarked;
