package dev.nightshift.backup.stores;

import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.audit.Audit;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** That a store is lost for good: what that would mean, and saying so. */
@Path("stores/{name}/loss")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Stores")
public class StoreLossResource {
    private static final int LONGEST = 500;

    @Inject
    private Stores stores;

    @Inject
    private LostStores lost;

    @Inject
    private StoreLoss losses;

    @Inject
    private Transactions transactions;

    @Inject
    private Fleet fleet;

    @Inject
    private Audit audit;

    /** Why. */
    @Schema(name = "StoreLossRequest", example = "{\"reason\":\"the provider closed the account\"}")
    public record Body(@Nullable String reason) {}

    /** What is lost with a store, as the catalogue knows it. */
    @Schema(name = "StoreLoss")
    public record LossView(
            String name,

            @Schema(description = "Whether it was declared lost")
            boolean lost,

            @Nullable Instant at,
            @Nullable String by,
            @Nullable String reason,

            @Schema(description = "What projects hold there, each that holds anything")
            List<HeldView> projects,

            @Schema(description = "What it means, in sentences")
            List<String> means) {}

    /** What a project holds in it. */
    @Schema(name = "StoreLossProject")
    public record HeldView(
            String project,

            @Schema(description = "Kept backups that lie whole in no other store that is not lost: they are lost")
            long backupsLost,

            @Schema(description = "Kept backups that lie whole in another one as well")
            long backupsElsewhere,

            @Schema(
                    description =
                            "Archived logs of which no other store has a copy: points in time between backups are lost")
            long logsLost) {}

    @GET
    @NeedsInstallationAdmin
    @Operation(operationId = "storeLoss", summary = "What the loss of a store means, declared or not")
    public LossView get(@PathParam("name") String name) {
        require(name);
        LostStores.Loss loss = lost.all().get(name);
        List<HeldView> projects = transactions.installation(connection -> LostStores.held(connection, name)).stream()
                .map(held -> new HeldView(
                        fleet.project(new ProjectId(held.project())).name().value(),
                        held.onlyThere(),
                        held.elsewhere(),
                        held.logs()))
                .toList();
        return new LossView(
                name,
                loss != null,
                loss == null ? null : loss.at(),
                loss == null ? null : loss.by(),
                loss == null ? null : loss.reason(),
                projects,
                means(projects));
    }

    private static List<String> means(List<HeldView> projects) {
        long lost = projects.stream().mapToLong(HeldView::backupsLost).sum();
        long elsewhere = projects.stream().mapToLong(HeldView::backupsElsewhere).sum();
        long logs = projects.stream().mapToLong(HeldView::logsLost).sum();
        return List.of(
                lost + " kept backups lie in no other store and cannot be restored any more.",
                elsewhere + " kept backups lie in another store too; the copies here count for no goal.",
                logs + " archived logs lie here alone: points in time that only they reach cannot be restored."
                        + " A copy of a log elsewhere ends where it was copied last.",
                "Nothing is read from it, written to it or deleted in it; runs of backup, copy and archiving that name"
                        + " it fail.",
                "expire and rebuild-catalogue go on without it. What expires meanwhile is freed there only if it is"
                        + " found again.");
    }

    @PUT
    @NeedsInstallationAdmin
    @Operation(
            operationId = "declareStoreLost",
            summary = "Declare a store lost for good",
            description =
                    "Look before what that means. It can be taken back as long as the store is defined; what expired"
                            + " meanwhile stays expired.")
    @APIResponse(responseCode = "400", description = "There is no reason, it is too long, or the name is not confirmed")
    public LossView declare(
            @PathParam("name") String name, @QueryParam("confirm") @Nullable String confirm, @Nullable Body body) {
        require(name);
        Asked.confirmed(confirm, name);
        String reason = Asked.body(body).reason();
        if (reason == null || reason.isBlank() || reason.length() > LONGEST) {
            throw new Failure.Invalid("reason", "Say why, in 1 to " + LONGEST + " characters.");
        }
        losses.declare(name, reason.strip());
        return get(name);
    }

    @DELETE
    @NeedsInstallationAdmin
    @Operation(
            operationId = "storeFound",
            summary = "Take back that a store is lost",
            description = "It is used again at once. What expired meanwhile is freed there by the next run of expire.")
    @APIResponse(responseCode = "404", description = "There is no such store, or it is not lost")
    public LossView found(@PathParam("name") String name) {
        require(name);
        transactions.installation(connection -> {
            if (!LostStores.found(connection, name)) {
                throw new Failure.NotFound("The store " + name + " is not declared lost.");
            }
            audit.record(null, "store.found", "store " + name, Map.of());
            return true;
        });
        return get(name);
    }

    private void require(String name) {
        if (!name.equals(Stores.LOCAL)) {
            stores.definition(name);
        }
    }
}
