/** Archives a server's write-ahead log as it is written. */
@NullMarked
package dev.nightshift.backup.wal;

import org.jspecify.annotations.NullMarked;
