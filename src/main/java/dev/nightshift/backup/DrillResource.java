package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Page;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What the drills of a database's instance came to. */
@Path("projects/{project}/databases/{database}/drills")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class DrillResource {
    @Inject
    private Transactions transactions;

    @Inject
    private DrillRepository repository;

    @Inject
    private Fleet fleet;

    @Inject
    private CurrentProject project;

    /**
     * A page of drills, newest first, and how restore times go.
     *
     * @param next to pass as {@code after} for the following page; null on the last one
     */
    @Schema(name = "Drills")
    public record DrillsView(
            List<DrillView> items, @Nullable String next, TrendView trend) {}

    /**
     * One drill of one backup in one store.
     *
     * @param backup which may be kept no more
     * @param chosen NAMED by the run, NEWEST, RANDOM, RANDOM_POINT, or UNKNOWN for those before it was kept
     * @param point behind the backup, in words; null for the backup by itself
     * @param outcome PASSED, FAILED, or NOT_POSSIBLE on this machine
     * @param rtoMillis from its begin until the restored server answered; null if it did not come there
     * @param provenMillis from its begin until all that was asked for was passed; null if it was not
     * @param kitMadeAt when the recovery kit was made whose keys alone opened it; null for the project's keys
     */
    @Schema(name = "Drill")
    public record DrillView(
            UUID id,
            Instant at,
            UUID backup,
            @Nullable UUID run,
            String store,
            String chosen,
            @Nullable String point,
            String level,
            int levelNumber,
            String outcome,
            @Nullable String reason,
            @Nullable Long rtoMillis,
            @Nullable Long provenMillis,
            @Nullable Instant kitMadeAt) {
        static DrillView of(Drill drill) {
            return new DrillView(
                    drill.id(),
                    drill.at(),
                    drill.backup(),
                    drill.run(),
                    drill.store(),
                    drill.chosen(),
                    drill.point(),
                    drill.level() < 0
                            ? "NONE"
                            : List.of(ProofLevel.values()).get(drill.level()).name(),
                    drill.level(),
                    drill.outcome(),
                    drill.reason(),
                    drill.rtoMillis(),
                    drill.provenMillis(),
                    drill.kitMadeAt());
        }
    }

    /**
     * Medians of measured times until a restored server answered.
     *
     * @param lastMedianMillis of the last ten; null as long as there are fewer
     * @param beforeMedianMillis of the ten before them; null as long as there are fewer
     */
    @Schema(name = "DrillTrend")
    public record TrendView(
            @Nullable Long lastMedianMillis, @Nullable Long beforeMedianMillis) {}

    @GET
    @Operation(
            operationId = "drills",
            summary = "What the restore drills of a database came to, newest first",
            description = "Drills are of the whole instance: all databases of it have the same.")
    @APIResponse(responseCode = "404", description = "There is no such database")
    public DrillsView list(
            @PathParam("database") String database,
            @QueryParam("after") @Nullable String after,
            @QueryParam("limit") @Nullable String limit) {
        UUID from = Page.after(after);
        int size = Page.size(limit);
        Database found = RecoveryWindowResource.database(fleet, project.id(), database);
        UUID instance = found.instance().id();
        return transactions.in(project.id(), connection -> {
            Page<Drill> page = repository.list(connection, instance, from, size);
            Drill.Trend trend = Drill.trend(repository.rtoMillis(connection, instance, 2 * Drill.ENOUGH));
            return new DrillsView(
                    page.items().stream().map(DrillView::of).toList(),
                    page.next(),
                    new TrendView(trend.last(), trend.before()));
        });
    }
}
