package dev.nightshift.backup;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.Manifest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A backup as the catalogue knows it.
 *
 * @param databases Nightshift's names of the databases that the run was asked for; a physical backup holds the whole
 *     instance, a logical one just the one that is named
 * @param selection what was chosen of a logical one's database, as JSON; empty for all of it
 * @param sizeBytes as the server sent it
 * @param storedBytes compressed and encrypted, all objects
 * @param recoveryLsn the position that its proof recovers to; of a logical one all positions are where the log was when its
 *     snapshot was taken
 * @param parent the backup whose files its changes are to; null for a full one
 * @param fullBecause why it is a full one although another kind was asked for; null if it is what was asked for
 * @param chain those that its restore needs, the full one first, itself last
 * @param chainSize how many kept backups are built on that full one, itself included
 * @param hold who wants it to stay, and why; null if nobody does
 * @param proof its newest proof; null for none
 */
public record Backup(
        UUID id,
        UUID instanceId,
        String instance,
        List<String> databases,
        String selection,
        UUID run,
        String kind,
        String state,
        String store,
        String location,
        Instant takenAt,
        Instant endedAt,
        String serverVersion,
        long sizeBytes,
        long storedBytes,
        String startLsn,
        String stopLsn,
        String recoveryLsn,
        int timeline,
        String systemIdentifier,
        boolean checksums,
        long checksumFailures,
        int tablespaces,
        String keyId,
        @Nullable UUID parent,
        @Nullable String fullBecause,
        List<UUID> chain,
        int chainSize,
        @Nullable Hold hold,
        @Nullable StoredProof proof) {

    /** Whether it holds the files of the whole instance; if not, it holds one database as pg_dump wrote it. */
    public boolean physical() {
        return Manifest.Kind.valueOf(kind).physical();
    }

    /** A backup on hold does not expire. */
    public record Hold(String reason, String by) {}

    /**
     * One attempt to prove a backup.
     *
     * @param level highest that was passed, -1 for none
     * @param ladder JSON array, one object a level
     * @param notChecked JSON array of sentences
     */
    public record StoredProof(
            UUID id,
            @Nullable UUID run,
            Instant at,
            int level,
            String outcome,
            @Nullable Long rtoMillis,
            @Nullable String reason,
            String ladder,
            String notChecked) {

        /** The highest level that was passed. */
        public Optional<ProofLevel> proven() {
            return level < 0
                    ? Optional.empty()
                    : Optional.of(List.of(ProofLevel.values()).get(level));
        }
    }
}
