package dev.nightshift.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to ask of BASE_BACKUP (the manual's section 55.4).
 *
 * @param label shown in the server's backup_label
 * @param fastCheckpoint whether the checkpoint before it is done at once, or spread over checkpoint_timeout
 * @param maxRateKilobytes per second, 32 to 1048576; 0 for no limit
 * @param serverCompression whether the server should compress with zstd if it can; archives are then named {@code .zst}
 * @param incremental whether only the blocks are sent that changed since the backup whose list was uploaded
 */
public record BaseBackup(
        String label, boolean fastCheckpoint, int maxRateKilobytes, boolean serverCompression, boolean incremental) {
    public BaseBackup {
        if (maxRateKilobytes != 0 && (maxRateKilobytes < 32 || maxRateKilobytes > 1_048_576)) {
            throw new IllegalArgumentException("A rate limit is 32 to 1048576 kB per second, or 0 for none.");
        }
    }

    /** A full one. */
    public BaseBackup(String label, boolean fastCheckpoint, int maxRateKilobytes, boolean serverCompression) {
        this(label, fastCheckpoint, maxRateKilobytes, serverCompression, false);
    }

    BaseBackup asIncremental() {
        return new BaseBackup(label, fastCheckpoint, maxRateKilobytes, serverCompression, true);
    }

    /**
     * Where a part of the cluster lies.
     *
     * @param oid of the tablespace; null for the data folder itself
     * @param location absolute on the server, relative to the data folder for one in place; null for the data folder
     * @param estimatedBytes as the server counted before it began
     */
    public record Tablespace(@Nullable String oid, @Nullable String location, long estimatedBytes) {}

    /**
     * How it ended.
     *
     * @param start where recovery has to begin
     * @param stop up to where recovery has to come, or the backup is not consistent
     * @param checksumFailures whether the server found pages whose checksum is wrong; the copy is complete all the same
     * @param warnings what the server warned of, in its words
     */
    public record Outcome(
            Lsn start,
            Lsn stop,
            int timeline,
            List<Tablespace> tablespaces,
            boolean checksumFailures,
            List<String> warnings) {}

    /** Asked before what changed is taken from the server. */
    @FunctionalInterface
    public interface Check {
        /**
         * Looks at it when the server has chosen what to send, and before any of it is taken.
         *
         * @param start as at {@link Sink#started}
         * @throws NotIncremental if it is not to be trusted; the server is told to stop, and the sink hears nothing
         */
        void started(Lsn start) throws NotIncremental;
    }

    /** Takes what the server sends, in the order of these methods, in the thread that asked. */
    public interface Sink {
        /** The checkpoint is done; everything from here on in the log will be needed. */
        void started(Lsn start, int timeline, List<Tablespace> tablespaces) throws IOException;

        /** A new archive begins: {@code base.tar}, {@code 16385.tar}, with {@code .zst} if the server compresses. */
        void archive(String name) throws IOException;

        /** The archives are over, the backup manifest begins. */
        void manifest() throws IOException;

        /** Data of the current archive or manifest: read exactly this many bytes. */
        void data(InputStream in, int length) throws IOException;

        /** Bytes of the cluster done so far, before compression. */
        void progress(long bytes) throws IOException;
    }
}
