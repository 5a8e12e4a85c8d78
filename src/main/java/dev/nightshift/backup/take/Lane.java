package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.BlockPipeline;
import dev.nightshift.postgres.ReplicationSession;

/** One of the two ways on which a backup comes: a walsender, the watch over its silence, the blocks into the store. */
record Lane(ReplicationSession session, Watchdog watchdog, BlockPipeline blocks) {}
