package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What to back up and how.
 *
 * @param endpoint a role with REPLICATION
 * @param markIn the databases in which to try to make the restore point, as the server calls them, in this order: one
 *     where the role has the privileges is enough; at least one
 * @param projectName kernel names, as in the backup's folder
 * @param backup a new id; never used again, even if the backup fails
 * @param systemIdentifier that the instance had before; null at the first time
 * @param settings files to keep beside the data by name: settings, access rules
 */
public record FullBackupRequest(
        Endpoint endpoint,
        List<String> markIn,
        ProjectId project,
        String projectName,
        String instanceName,
        UUID backup,
        @Nullable String systemIdentifier,
        Options options,
        Map<String, byte[]> settings) {

    public FullBackupRequest {
        markIn = List.copyOf(markIn);
        settings = Map.copyOf(settings);
        if (markIn.isEmpty()) {
            throw new IllegalArgumentException("A backup needs a database to make its restore point in.");
        }
    }

    /**
     * What a person may choose.
     *
     * @param maxRateKilobytes per second, before our own compression; 0 for no limit
     * @param fastCheckpoint at once, or spread over the server's checkpoint_timeout
     * @param compressOnServer where the server can; it saves the network, and costs the server's processors
     * @param level of zstd in this process, 1 to 19
     * @param threads that compress and encrypt here
     * @param partBytes the most content of one object of an archive
     * @param checkpointPatience how long the server may be silent before it sends the first byte: a spread checkpoint
     *     takes up to 90 % of checkpoint_timeout, which is at most a day
     * @param silence how long it may say nothing after that before the connection counts as dead
     */
    public record Options(
            int maxRateKilobytes,
            boolean fastCheckpoint,
            boolean compressOnServer,
            int level,
            int threads,
            long partBytes,
            Duration checkpointPatience,
            Duration silence) {
        /** zstd level 1: 741 MB/s on two cores; higher levels cost far more than they save. */
        public static Options defaults() {
            int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));
            return new Options(0, true, true, 1, threads, 256L << 20, Duration.ofHours(2), Duration.ofMinutes(5));
        }

        public Options withMaxRateKilobytes(int rate) {
            return new Options(
                    rate, fastCheckpoint, compressOnServer, level, threads, partBytes, checkpointPatience, silence);
        }

        public Options withFastCheckpoint(boolean fast) {
            return new Options(
                    maxRateKilobytes, fast, compressOnServer, level, threads, partBytes, checkpointPatience, silence);
        }

        public Options withCompressOnServer(boolean onServer) {
            return new Options(
                    maxRateKilobytes, fastCheckpoint, onServer, level, threads, partBytes, checkpointPatience, silence);
        }

        public Options withPartBytes(long bytes) {
            return new Options(
                    maxRateKilobytes,
                    fastCheckpoint,
                    compressOnServer,
                    level,
                    threads,
                    bytes,
                    checkpointPatience,
                    silence);
        }

        public Options withPatience(Duration checkpoint, Duration quiet) {
            return new Options(
                    maxRateKilobytes, fastCheckpoint, compressOnServer, level, threads, partBytes, checkpoint, quiet);
        }
    }

    /** Where it will lie in the store. */
    public String folder() {
        return Manifest.folder(projectName, instanceName, backup);
    }
}
