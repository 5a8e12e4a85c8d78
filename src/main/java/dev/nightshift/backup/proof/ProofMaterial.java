package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.sandbox.SandboxFolder;
import dev.nightshift.sandbox.ServerSettings;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A stored backup of a whole cluster as a proof needs it. */
public interface ProofMaterial extends Provable {
    /**
     * Where recovery has to come.
     *
     * @param expected the end of the last record that is replayed; at least that where it goes to consistency
     * @param recovery what the server is told
     * @param point what else has to come out where that is a point behind the backup; null for the backup's own
     */
    record Aim(
            Lsn expected,
            int timeline,
            ServerSettings.Recovery recovery,
            @Nullable Point point) {
        /**
         * The backup's own end.
         *
         * @param restorePoint its name; null where there is none
         */
        static Aim ofBackup(Lsn expected, int timeline, @Nullable String restorePoint) {
            return new Aim(
                    expected,
                    timeline,
                    restorePoint == null
                            ? ServerSettings.Recovery.toConsistency(timeline)
                            : ServerSettings.Recovery.toRestorePoint(restorePoint, timeline),
                    null);
        }

        /** Whether recovery has to stop just there. */
        boolean exact() {
            return recovery.stop() != ServerSettings.Recovery.Stop.CONSISTENCY;
        }
    }

    /**
     * A point behind a backup.
     *
     * @param history of the timeline that is followed
     * @param lastTransaction when the last one ended that is replayed; null if none is
     * @param reported what the server has to say of that
     */
    record Point(
            TimelineHistory history,
            @Nullable Instant lastTransaction,
            @Nullable Instant reported) {}

    Aim aim();

    /**
     * What the rows were on the source, a database each; empty if the backup was taken without.
     *
     * @throws dev.nightshift.kernel.Failure.Fatal if it cannot be read
     */
    List<Evidence> evidence();

    /** A setting of the source as it was saved with the backup; empty if it was not, or had its default. */
    Optional<String> setting(String name);

    /**
     * Restores into the sandbox's folders: the data folder with links to {@link SandboxFolder#tablespace}, backup_label in
     * its place, and the log as complete segments in {@link SandboxFolder#wal}.
     *
     * @throws dev.nightshift.kernel.Failure.Fatal if it is damaged after all
     * @throws dev.nightshift.kernel.Failure.Retryable if the store or the folder failed
     * @throws java.util.concurrent.CancellationException if the watch said so
     * @return tablespaces that the log itself creates, by their number, with the folder on the source
     */
    Map<Long, Path> restore(SandboxFolder folder, ProofWatch watch);

    @Override
    default Bytes room() {
        return ProofRestore.room(plainSize());
    }

    @Override
    default Bytes needed() {
        return ProofRestore.needed(plainSize());
    }

    @Override
    default RestoreInSandbox in(Sandbox sandbox, ProofOptions options, ProofWatch watch) {
        return new ProofRestore(this, options, watch, sandbox);
    }

    /** What the restored files will take; asked after the verification. */
    Bytes plainSize();
}
