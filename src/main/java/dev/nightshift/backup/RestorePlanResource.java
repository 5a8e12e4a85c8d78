package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.backup.read.RecoveryPlan;
import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What a restore to a point would take. */
@Path("projects/{project}/databases/{database}/restore-plan")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class RestorePlanResource {
    @Inject
    private PointRecovery points;

    @Inject
    private RestoreForecast forecasts;

    @Inject
    private Fleet fleet;

    @Inject
    private CurrentProject project;

    @Inject
    private Stores stores;

    @Inject
    private Clock clock;

    /** What to plan. */
    @Schema(name = "RestorePlanRequest")
    public record Body(
            @Nullable To to,

            @Schema(description = "Whose history to follow; the newest that can be reached if left out", minimum = "1")
            @Nullable
            Integer timeline,

            @Schema(
                    description =
                            "The store to read backup and log from; if left out, the first that has all of the backup and answers,"
                                    + " and the log where it was archived")
            @Nullable
            String from) {}

    /** The point: one of these. */
    @Schema(name = "RestorePoint")
    public record To(
            @Schema(description = "ISO 8601 with its zone", examples = "2026-02-01T03:04:05Z") @Nullable
            String time,

            @Schema(description = "A position in the log", examples = "16/B374D848") @Nullable
            String lsn,

            @Schema(description = "A transaction's number", examples = "74512") @Nullable
            String xid,

            @Schema(description = "A restore point's name", maxLength = 63) @Nullable
            String name,

            @Schema(description = "The end of the stored log") @Nullable
            Boolean latest) {}

    /**
     * A plan.
     *
     * @param reachable whether there is a backup and the log to go on from it, for a time up to a moment that is not earlier;
     *     the log itself was not read
     * @param certain whether the point is known to be in that log: a transaction and a name are found when the log is read,
     *     and a time needs a transaction in it that ended no earlier, or the source's word that all of before is stored
     * @param reason why not, in a sentence
     * @param store where the backup would be read
     * @param logStores where the archived log would be read
     * @param lacks what other stores hold of the log and these do not, and what these do not list though the catalogue counts it as
     *     stored there, in sentences; null for nothing
     * @param chain the backups that are read, the full one first
     * @param logEnds the first position that is not stored, or no more than zeros
     * @param backupRestoreMillis what the newest proof of this backup in this store measured until its server answered; the archived log
     *     comes on top; null if it was not measured
     * @param size how much it is and how long it takes; null where the lists of the backups' files cannot be read
     */
    @Schema(name = "RestorePlan")
    public record View(
            boolean reachable,
            boolean certain,
            @Nullable String reason,
            @Nullable String remedy,
            @Nullable UUID backup,
            @Nullable String store,
            List<String> logStores,
            @Nullable String lacks,
            @Nullable Instant backupFinishedAt,
            List<UUID> chain,
            @Nullable Integer timeline,
            @Nullable Segments segments,
            @Nullable String logEnds,
            @Nullable Gap gap,
            @Nullable Long backupRestoreMillis,
            @Nullable Size size) {}

    /**
     * How much a restore is, and how long it takes.
     *
     * @param backups of the chain, the full one first
     * @param backupBytes of all of them, as they lie in the store
     * @param logBytes of the archived log, at most where the point is found only when it is read
     * @param roomBytes that the cluster's files and their log take in the destination, at most
     * @param millis of all parts; null as long as one was never measured here
     */
    @Schema(name = "RestorePlanSize")
    public record Size(
            List<PlannedBackup> backups,
            long backupBytes,
            long logBytes,
            long roomBytes,
            List<PartView> parts,
            @Nullable Long millis) {
        static Size of(RestoreForecast.Forecast forecast, RecoveryPlan plan) {
            List<PlannedBackup> backups =
                    forecast.chain().stream().map(PlannedBackup::of).toList();
            return new Size(
                    backups,
                    backups.stream().mapToLong(PlannedBackup::storedBytes).sum(),
                    plan.archivedBytes(),
                    forecast.size().room(),
                    forecast.parts().stream().map(PartView::of).toList(),
                    forecast.millis());
        }
    }

    /**
     * A backup that is read.
     *
     * @param sizeBytes as the server sent it
     * @param storedBytes compressed and encrypted
     */
    @Schema(name = "RestorePlanBackup")
    public record PlannedBackup(UUID id, String kind, long sizeBytes, long storedBytes) {
        static PlannedBackup of(Manifest manifest) {
            return new PlannedBackup(
                    manifest.backup(),
                    manifest.lineage().kind().name(),
                    manifest.figures().bytesRead(),
                    manifest.figures().bytesStored());
        }
    }

    /**
     * One after the other.
     *
     * @param part FILES, the chain read and its files written; LOG, the archived log fetched and read; REPLAY, the server's start up
     *     to its answer
     * @param bytes of the lists' files, or of log
     * @param millis in proportion to what was measured; of REPLAY no less than that; null if it never was
     */
    @Schema(name = "RestorePlanPart")
    public record PartView(
            String part,
            long bytes,
            @Nullable Long millis,
            @Nullable Measured measured) {
        static PartView of(RestoreForecast.Part part) {
            return new PartView(part.part().name(), part.bytes(), part.millis(), Measured.of(part.measured()));
        }
    }

    /**
     * What the last restore or drill of the instance from this store took.
     *
     * @param kind DRILL or RESTORE
     */
    @Schema(name = "RestorePlanMeasured")
    public record Measured(String kind, @Nullable UUID run, Instant at, long bytes, long millis) {
        static @Nullable Measured of(@Nullable RestorePace pace) {
            return pace == null
                    ? null
                    : new Measured(pace.kind().name(), pace.run(), pace.at(), pace.bytes(), pace.millis());
        }
    }

    /** What is needed of the archived log, at most where the point is found only when it is read. */
    @Schema(name = "RestorePlanSegments")
    public record Segments(
            int count, @Nullable String first, @Nullable String last, long bytes) {}

    /** Log that is missing: up to the first position that is stored again. */
    @Schema(name = "LogGap")
    public record Gap(String fromLsn, String toLsn) {
        static @Nullable Gap of(RecoveryPlan.@Nullable Gap gap) {
            return gap == null ? null : new Gap(gap.from().toString(), gap.to().toString());
        }
    }

    /** Changes nothing. */
    @POST
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "restorePlan",
            summary = "Plan a restore to a point in time",
            description =
                    "Which backup and how much of the archived log it takes, or why it cannot be done. No log is read"
                            + " but the last segments, where a time may lie behind them, and nothing is restored.")
    @APIResponse(responseCode = "400", description = "A field breaks a rule; the problem names it")
    @APIResponse(responseCode = "404", description = "There is no such database")
    public View plan(@PathParam("database") String database, @Nullable Body body) {
        Database found = RecoveryWindowResource.database(fleet, project.id(), database);
        Body asked = Asked.body(body);
        RecoveryTarget target = target(asked);
        String from = asked.from();
        if (from != null) {
            stores.require("from", from);
        }
        PointRecovery.Planned planned = points.plan(
                project.id(),
                found.instance().id(),
                null,
                target,
                BackupSources.Reading.in(from, BackupSources.Reading.ANYWHERE));
        if (planned.outcome() instanceof RecoveryPlan.Refused refused) {
            return new View(
                    false,
                    true,
                    refused.reason(),
                    refused.remedy(),
                    null,
                    null,
                    planned.held().stores(),
                    planned.held().lacks(),
                    null,
                    List.of(),
                    null,
                    null,
                    null,
                    null,
                    null,
                    null);
        }
        RecoveryPlan plan = ((RecoveryPlan.Planned) planned.outcome()).plan();
        Backup backup = planned.backup();
        Backup.StoredProof proof = backup == null ? null : backup.proofIn(planned.store());
        return new View(
                true,
                planned.certain(),
                null,
                null,
                plan.backup().backup(),
                planned.store(),
                planned.held().stores(),
                planned.held().lacks(),
                plan.backup().finishedAt(),
                backup == null ? List.of() : backup.chain(),
                plan.history().timeline(),
                segments(plan),
                plan.end().toString(),
                Gap.of(plan.gap()),
                proof == null ? null : proof.rtoMillis(),
                forecasts
                        .of(project.id(), planned, plan)
                        .map(forecast -> Size.of(forecast, plan))
                        .orElse(null));
    }

    private RecoveryTarget target(Body body) {
        To to = body.to();
        if (to == null) {
            throw new Failure.Invalid("to", NamedPoint.ONE);
        }
        return NamedPoint.of(to, "to").target("to", body.timeline(), "timeline", clock.now());
    }

    private static Segments segments(RecoveryPlan plan) {
        List<RecoveryPlan.Segment> archived = plan.archived();
        return new Segments(
                archived.size(),
                archived.isEmpty() ? null : archived.get(0).name(plan.segmentBytes()),
                archived.isEmpty() ? null : archived.get(archived.size() - 1).name(plan.segmentBytes()),
                plan.archivedBytes());
    }
}
