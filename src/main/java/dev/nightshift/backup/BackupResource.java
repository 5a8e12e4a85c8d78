package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.backup.evidence.EvidenceText;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.io.StringReader;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Backups with how far they are proven. */
@Path("projects/{project}/backups")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class BackupResource {
    @Inject
    private Backups backups;

    @Inject
    private CurrentProject project;

    @Inject
    private BackupSources sources;

    @Inject
    private Keyring keyring;

    /** A stored backup; sizes in bytes. */
    @Schema(name = "Backup")
    public record BackupView(
            UUID id,
            String instance,
            List<String> databases,
            String kind,

            @Schema(description = "What was chosen of a logical one's database; null if it holds all of it") @Nullable
            JsonObject selection,

            @Nullable UUID parent,
            @Nullable String fullBecause,
            String state,
            UUID run,
            Instant takenAt,
            Instant endedAt,
            long durationMillis,
            String serverVersion,
            long sizeBytes,
            long storedBytes,
            String store,
            String location,
            String startLsn,
            String stopLsn,

            @Schema(description = "The position of the log that its proof recovers to; null for a logical one")
            @Nullable
            String recoversTo,

            @Nullable String provenTo,
            int timeline,

            @Schema(description = "Null for a logical one, which reads rows and no pages") @Nullable
            Checksums checksums,

            int tablespaces,
            String keyId,
            Chain chain,
            @Nullable HoldView hold,
            ProofView proof,
            List<CopyView> copies) {}

    /**
     * A copy in another store.
     *
     * @param state COPYING: on its way; WHOLE: it has all objects, and those of all backups that it needs; FREEING: what a run
     *     left of one is being removed; LEFT: that was deleted, and the store keeps it for as long as its lock lasts
     * @param storedBytes by the store's own listing; null before it was whole
     * @param verifiedAt when the store last listed all of it with its size, which is the level STORED; null before
     * @param proof of this copy alone
     */
    @Schema(name = "BackupCopy")
    public record CopyView(
            String store,
            String location,
            String state,
            @Nullable Long storedBytes,
            @Nullable Instant madeAt,
            @Nullable Instant verifiedAt,
            UUID run,
            ProofView proof) {
        static CopyView of(Backup.Copy copy) {
            return new CopyView(
                    copy.store(),
                    copy.location(),
                    copy.state(),
                    copy.isWhole() ? copy.storedBytes() : null,
                    copy.madeAt(),
                    copy.verifiedAt(),
                    copy.run(),
                    ProofView.of(copy.proof(), copy.store()));
        }
    }

    /** What the server said of its page checksums. */
    @Schema(name = "BackupChecksums")
    public record Checksums(boolean enabled, long failures) {}

    /**
     * The backup's chain.
     *
     * @param position 1 for a full one
     * @param of how many kept backups are built on the same full one, that one included
     * @param backups those that its restore needs, the full one first, itself last
     */
    @Schema(name = "BackupChain")
    public record Chain(int position, int of, List<UUID> backups) {}

    /** A backup on hold does not expire: who wants that, and why. */
    @Schema(name = "BackupHold")
    public record HoldView(String reason, String by) {
        static @Nullable HoldView of(Backup.@Nullable Hold hold) {
            return hold == null ? null : new HoldView(hold.reason(), hold.by());
        }
    }

    /**
     * How far the backup is proven, when, and what was measured.
     *
     * @param store where it was read; a proof says nothing of its copies elsewhere
     */
    @Schema(name = "Proof")
    public record ProofView(
            String level,
            int levelNumber,
            @Nullable Instant at,
            @Nullable Long rtoMillis,
            @Nullable String reason,
            JsonArray ladder,
            JsonArray notChecked,
            @Nullable UUID run,
            String store) {
        static ProofView of(Backup.@Nullable StoredProof proof, String store) {
            if (proof == null) {
                return new ProofView(
                        "NONE",
                        -1,
                        null,
                        null,
                        null,
                        JsonValue.EMPTY_JSON_ARRAY,
                        JsonValue.EMPTY_JSON_ARRAY,
                        null,
                        store);
            }
            return new ProofView(
                    proof.proven().map(Enum::name).orElse("NONE"),
                    proof.level(),
                    proof.at(),
                    proof.rtoMillis(),
                    proof.reason(),
                    array(proof.ladder()),
                    array(proof.notChecked()),
                    proof.run(),
                    proof.store());
        }

        private static JsonArray array(String text) {
            try (var reader = Json.createReader(new StringReader(text))) {
                return reader.readArray();
            }
        }
    }

    @GET
    @Operation(summary = "Backups, newest first")
    public Page<BackupView> list(
            @QueryParam("database") @Nullable String database,
            @QueryParam("instance") @Nullable String instance,
            @QueryParam("after") @Nullable String after,
            @QueryParam("limit") @Nullable String limit) {
        return backups.list(project.id(), database, instance, Page.after(after), Page.size(limit))
                .map(BackupResource::view);
    }

    @GET
    @Path("{id}")
    @Operation(summary = "A backup with its proof and its copies")
    public BackupView get(@PathParam("id") String id) {
        return view(backup(id));
    }

    /** The position that a restored server has reached; null as long as none has. */
    private static @Nullable String provenTo(Backup backup) {
        Backup.StoredProof proof = backup.proof();
        return proof == null || !backup.physical()
                ? null
                : proof.proven()
                        .filter(level -> level.compareTo(ProofLevel.RESTORED) >= 0)
                        .map(level -> backup.recoveryLsn())
                        .orElse(null);
    }

    /** What the rows of the backup's databases were on the source, with the queries that measured them. */
    @Schema(name = "BackupEvidence")
    public record EvidenceView(UUID backup, List<JsonObject> databases) {}

    @GET
    @Path("{id}/evidence")
    @Operation(
            summary = "The evidence of rows that was taken with a backup",
            description =
                    "Read from the store and authenticated with the backup's key. To repeat a query on a copy that was"
                            + " recovered to the position: begin a transaction, execute the settings, then the query.")
    public EvidenceView evidence(@PathParam("id") String id) {
        Backup backup = backup(id);
        return new EvidenceView(
                backup.id(),
                sources
                        .open(
                                project.id(),
                                backup,
                                BackupSources.Reading.ANYWHERE,
                                keyring.of(project.id()),
                                note -> {})
                        .reader()
                        .evidence()
                        .stream()
                        .map(EvidenceText::parse)
                        .map(EvidenceText::json)
                        .toList());
    }

    private static JsonObject object(String text) {
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject();
        }
    }

    private Backup backup(String id) {
        try {
            return backups.get(project.id(), UUID.fromString(id));
        } catch (IllegalArgumentException e) {
            throw new Failure.NotFound("This project holds no such backup.");
        }
    }

    static BackupView view(Backup backup) {
        return new BackupView(
                backup.id(),
                backup.instance(),
                backup.databases(),
                backup.kind(),
                backup.selection().isEmpty() ? null : object(backup.selection()),
                backup.parent(),
                backup.fullBecause(),
                backup.state(),
                backup.run(),
                backup.takenAt(),
                backup.endedAt(),
                Duration.between(backup.takenAt(), backup.endedAt()).toMillis(),
                backup.serverVersion(),
                backup.sizeBytes(),
                backup.storedBytes(),
                backup.store(),
                backup.location(),
                backup.startLsn(),
                backup.stopLsn(),
                backup.physical() ? backup.recoveryLsn() : null,
                provenTo(backup),
                backup.timeline(),
                backup.physical() ? new Checksums(backup.checksums(), backup.checksumFailures()) : null,
                backup.tablespaces(),
                backup.keyId(),
                new Chain(backup.chain().size(), backup.chainSize(), backup.chain()),
                HoldView.of(backup.hold()),
                ProofView.of(backup.proof(), backup.store()),
                backup.copies().stream().map(CopyView::of).toList());
    }
}
