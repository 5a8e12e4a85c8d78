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
 * @param proof its standing proof in the store that it was taken to; null for none
 * @param copies in other stores, those on their way included, the oldest first
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
        @Nullable StoredProof proof,
        List<Copy> copies) {

    /** Its standing proof in a store; null for none. */
    @Nullable
    StoredProof proofIn(@Nullable String in) {
        if (store.equals(in)) {
            return proof;
        }
        return copies.stream()
                .filter(copy -> copy.store().equals(in))
                .findFirst()
                .map(Copy::proof)
                .orElse(null);
    }

    /** Whether its standing proof in a store is one that failed. */
    boolean failsIn(String in) {
        StoredProof standing = proofIn(in);
        return standing != null && standing.outcome().equals("FAILED");
    }

    /**
     * A copy in another store.
     *
     * @param state COPYING, WHOLE, FREEING, or LEFT, deleted and kept by its store for as long as a lock lasts
     * @param storedBytes by the store's own listing; 0 before it was whole
     * @param madeAt when it was whole first; null before
     * @param verifiedAt when its store last listed all of it; null before
     * @param proof its standing proof, which says nothing of the others; null for none
     */
    public record Copy(
            String store,
            String location,
            String state,
            UUID run,
            long storedBytes,
            @Nullable Instant madeAt,
            @Nullable Instant verifiedAt,
            @Nullable StoredProof proof) {
        /** Whether it has all objects. */
        public boolean isWhole() {
            return state.equals("WHOLE");
        }
    }

    /** Whether it holds the files of the whole instance; if not, it holds one database as pg_dump wrote it. */
    public boolean physical() {
        return Manifest.Kind.valueOf(kind).physical();
    }

    /** A backup on hold does not expire. */
    public record Hold(String reason, String by) {}

    /**
     * One attempt to prove a backup, in one store.
     *
     * @param level highest that was passed, -1 for none
     * @param ladder JSON array, one object a level
     * @param notChecked JSON array of sentences
     */
    public record StoredProof(
            UUID id,
            @Nullable UUID run,
            String store,
            Instant at,
            int level,
            String outcome,
            @Nullable Long rtoMillis,
            @Nullable String reason,
            String ladder,
            String notChecked) {

        /** Whether a server that was restored from it recovered, and nothing failed since. */
        boolean isRestored() {
            return !outcome.equals("FAILED")
                    && proven().filter(reached -> reached.compareTo(ProofLevel.RESTORED) >= 0)
                            .isPresent();
        }

        /** The highest level that was passed. */
        public Optional<ProofLevel> proven() {
            return level < 0
                    ? Optional.empty()
                    : Optional.of(List.of(ProofLevel.values()).get(level));
        }
    }
}
