package dev.nightshift.job.schedule;

import dev.nightshift.access.Caller;
import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.kernel.Asked;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The pause of all schedules of all projects. */
@Path("pause")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Schedules")
public class FleetPauseResource {
    @Inject
    private Pauses pauses;

    @Inject
    private Caller caller;

    @GET
    @Operation(operationId = "fleetPause", summary = "Whether the schedules of all projects are paused")
    public PauseResource.State get() {
        return new PauseResource.State(pauses.ofFleet().map(PauseView::of).orElse(null));
    }

    @PUT
    @NeedsInstallationAdmin
    @Operation(operationId = "pauseFleet", summary = "Pause the schedules of all projects")
    public PauseResource.State pause(@Nullable NewPause body) {
        NewPause asked = Asked.body(body);
        return new PauseResource.State(
                PauseView.of(pauses.pauseFleet(Asked.time("until", asked.until()), caller.name(), asked)));
    }

    @DELETE
    @NeedsInstallationAdmin
    @Operation(operationId = "resumeFleet", summary = "Resume them")
    @APIResponse(responseCode = "204", description = "They start again")
    @APIResponse(responseCode = "409", description = "They are not paused")
    public Response resume() {
        pauses.resumeFleet();
        return Response.noContent().build();
    }
}
