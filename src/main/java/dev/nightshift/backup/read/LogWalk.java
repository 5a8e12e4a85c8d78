package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.util.List;

/**
 * What a walk over the stored log found.
 *
 * @param reached the end of the last record of the unbroken chain
 * @param end why the chain ends there, in words
 * @param tablespaces created within the log: a recovery would make these folders, on whichever machine it runs
 */
public record LogWalk(Lsn reached, long records, String end, List<TablespaceCreated> tablespaces) {
    public LogWalk {
        tablespaces = List.copyOf(tablespaces);
    }

    /**
     * CREATE TABLESPACE, as it stands in the log.
     *
     * @param path absolute on the source; empty for one inside the data folder
     */
    public record TablespaceCreated(String oid, String path, Lsn position) {}
}
