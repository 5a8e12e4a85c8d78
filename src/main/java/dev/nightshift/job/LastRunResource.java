package dev.nightshift.job;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What a form for a run starts with. */
@Path("projects/{project}/runs/last")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Runs")
public class LastRunResource {
    @Inject
    private Runs runs;

    @Inject
    private CurrentProject project;

    /** Asked by hand, that is: what schedules ask for stands in them. */
    @GET
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "lastRun",
            summary = "What a person or a key last asked of a job",
            description = "To fill a form with; databases that are no longer registered are left out.")
    @APIResponse(responseCode = "404", description = "Nobody has started the job in this project")
    public LastRun last(@QueryParam("job") @Nullable String job) {
        if (job == null || job.isBlank()) {
            throw new Failure.Invalid("job", "Name the job.");
        }
        return runs.last(project.id(), job)
                .orElseThrow(() -> new Failure.NotFound("Nobody has started this job in this project yet."));
    }
}
