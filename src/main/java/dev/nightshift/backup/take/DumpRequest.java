package dev.nightshift.backup.take;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.postgres.Endpoint;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which database to take a logical backup of, and how.
 *
 * @param endpoint of the database
 * @param database its name in Nightshift
 * @param projectName kernel names, as in the backup's folder
 * @param backup a new id; never used again, even if the backup fails
 * @param systemIdentifier of the server that has to answer
 * @param kind one that is not physical
 * @param partBytes the most content of one object
 * @param maxRateKilobytes per second that are read of pg_dump, before our compression; 0 for no limit
 * @param silence how long pg_dump may write nothing, once it has begun, before it counts as hung
 * @param evidence how much of the source is read for the evidence of rows; null for none
 */
public record DumpRequest(
        Endpoint endpoint,
        String database,
        ProjectId project,
        String projectName,
        String instanceName,
        UUID backup,
        String systemIdentifier,
        Manifest.Kind kind,
        DumpSelection selection,
        ClientTools tools,
        long partBytes,
        int maxRateKilobytes,
        Duration silence,
        @Nullable Budget evidence) {
    public DumpRequest {
        if (kind.physical()) {
            throw new IllegalArgumentException("pg_dump takes no " + kind.word() + " backup");
        }
    }

    /** Where it will lie in the store. */
    String folder() {
        return Manifest.folder(projectName, instanceName, backup);
    }

    /** Whether it holds rows to compare. */
    boolean hasRows() {
        return kind != Manifest.Kind.SCHEMA;
    }
}
