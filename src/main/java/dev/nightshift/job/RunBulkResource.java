package dev.nightshift.job;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** All runs of a filter at once. */
@Path("projects/{project}/runs")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Runs")
public class RunBulkResource {
    @Inject
    private RunsInBulk runs;

    @Inject
    private CurrentProject project;

    /** What came of it. */
    @Schema(name = "RunsChanged")
    public record Changed(
            @Schema(description = "How many runs of the filter were looked at; 1,000 at most")
            int matched,

            int done,
            List<RefusedRun> refused,

            @Schema(description = "Whether more runs fit than one call takes") boolean more,

            @Schema(description = "To pass as after, where more runs fit") @Nullable
            UUID next) {}

    /** A run that was let be, and why. */
    @Schema(name = "RunRefused")
    public record RefusedRun(UUID id, String why) {}

    @POST
    @Path("stop")
    @Needs(Role.OPERATOR)
    @Operation(
            operationId = "stopRuns",
            summary = "Stop all runs of a filter",
            description = "At least one filter is needed. Without a status, all that are not over are meant.")
    @APIResponse(responseCode = "400", description = "No filter, or a wrong one")
    public Changed stop(@BeanParam RunQuery query, @QueryParam("after") @Nullable String after) {
        return changed(runs.stop(project.id(), query.filter(), Page.after(after)));
    }

    @POST
    @Path("restart")
    @Needs(Role.OPERATOR)
    @Operation(
            operationId = "restartRuns",
            summary = "Restart all runs of a filter",
            description = "At least one filter is needed. Without a status, all that can be restarted are meant.")
    @APIResponse(responseCode = "400", description = "No filter, or a wrong one")
    public Changed restart(@BeanParam RunQuery query, @QueryParam("after") @Nullable String after) {
        return changed(runs.restart(project.id(), query.filter(), Page.after(after)));
    }

    private static Changed changed(RunsInBulk.Outcome outcome) {
        return new Changed(
                outcome.matched(),
                outcome.done(),
                outcome.refused().stream()
                        .map(each -> new RefusedRun(each.id(), each.why()))
                        .toList(),
                outcome.next() != null,
                outcome.next());
    }
}
