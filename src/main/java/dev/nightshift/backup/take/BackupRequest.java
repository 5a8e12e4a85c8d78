package dev.nightshift.backup.take;

import dev.nightshift.backup.evidence.Budget;
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
 * @param endpoint a role with REPLICATION; its database is the last in which the restore point is tried
 * @param databases as the server calls them: the evidence of rows is taken in them, and the restore point is made in the
 *     first where the role may
 * @param projectName kernel names, as in the backup's folder
 * @param backup a new id; never used again, even if the backup fails
 * @param systemIdentifier that the instance had before; null at the first time
 * @param settings files to keep beside the data by name: settings, access rules
 * @param increment which kind, and against which other backup
 */
public record BackupRequest(
        Endpoint endpoint,
        List<String> databases,
        ProjectId project,
        String projectName,
        String instanceName,
        UUID backup,
        @Nullable String systemIdentifier,
        Options options,
        Map<String, byte[]> settings,
        Increment increment) {

    public BackupRequest {
        databases = List.copyOf(databases);
        settings = Map.copyOf(settings);
    }

    /** A full one. */
    public BackupRequest(
            Endpoint endpoint,
            List<String> databases,
            ProjectId project,
            String projectName,
            String instanceName,
            UUID backup,
            @Nullable String systemIdentifier,
            Options options,
            Map<String, byte[]> settings) {
        this(
                endpoint,
                databases,
                project,
                projectName,
                instanceName,
                backup,
                systemIdentifier,
                options,
                settings,
                Increment.NONE);
    }

    /** The same of this kind. */
    public BackupRequest withIncrement(Increment other) {
        return new BackupRequest(
                endpoint,
                databases,
                project,
                projectName,
                instanceName,
                backup,
                systemIdentifier,
                options,
                settings,
                other);
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
     *     takes up to 90 % of checkpoint_timeout, which is at most a day, after one that is under way
     * @param silence how long it may say nothing after that before the connection counts as dead
     * @param evidence how much of the source is read for the evidence of rows; null for none
     */
    public record Options(
            int maxRateKilobytes,
            boolean fastCheckpoint,
            boolean compressOnServer,
            int level,
            int threads,
            long partBytes,
            Duration checkpointPatience,
            Duration silence,
            @Nullable Budget evidence) {
        /** A checkpoint at once, for programs; the job spreads it. zstd level 1: 741 MB/s on two cores; higher levels cost far more than they save. */
        public static Options defaults() {
            int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));
            return new Options(
                    0, true, true, 1, threads, 256L << 20, Duration.ofHours(2), Duration.ofMinutes(5), Budget.STANDARD);
        }

        public Options withMaxRateKilobytes(int rate) {
            return new Options(
                    rate,
                    fastCheckpoint,
                    compressOnServer,
                    level,
                    threads,
                    partBytes,
                    checkpointPatience,
                    silence,
                    evidence);
        }

        public Options withFastCheckpoint(boolean fast) {
            return new Options(
                    maxRateKilobytes,
                    fast,
                    compressOnServer,
                    level,
                    threads,
                    partBytes,
                    fast ? checkpointPatience : Duration.ofDays(2),
                    silence,
                    evidence);
        }

        public Options withCompressOnServer(boolean onServer) {
            return new Options(
                    maxRateKilobytes,
                    fastCheckpoint,
                    onServer,
                    level,
                    threads,
                    partBytes,
                    checkpointPatience,
                    silence,
                    evidence);
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
                    silence,
                    evidence);
        }

        public Options withEvidence(@Nullable Budget budget) {
            return new Options(
                    maxRateKilobytes,
                    fastCheckpoint,
                    compressOnServer,
                    level,
                    threads,
                    partBytes,
                    checkpointPatience,
                    silence,
                    budget);
        }

        public Options withPatience(Duration checkpoint, Duration quiet) {
            return new Options(
                    maxRateKilobytes,
                    fastCheckpoint,
                    compressOnServer,
                    level,
                    threads,
                    partBytes,
                    checkpoint,
                    quiet,
                    evidence);
        }
    }

    /** Where it will lie in the store. */
    public String folder() {
        return Manifest.folder(projectName, instanceName, backup);
    }
}
