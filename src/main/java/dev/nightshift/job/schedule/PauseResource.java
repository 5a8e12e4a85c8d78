package dev.nightshift.job.schedule;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
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

/** The pause of a project's schedules. */
@Path("projects/{project}/pause")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Schedules")
public class PauseResource {
    @Inject
    private Pauses pauses;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    /** Whether nothing starts by itself, and why. */
    public record State(@Nullable PauseView paused) {}

    @GET
    @Operation(operationId = "projectPause", summary = "Whether the project's schedules are paused")
    public State get() {
        return new State(pauses.of(project.id()).map(PauseView::of).orElse(null));
    }

    @PUT
    @Operation(
            operationId = "pauseProject",
            summary = "Pause the project's schedules",
            description =
                    "Nothing starts by itself until then; null until it is resumed. People still start what they want.")
    public State pause(@Nullable NewPause body) {
        NewPause asked = Asked.body(body);
        return new State(
                PauseView.of(pauses.pause(project.id(), Asked.time("until", asked.until()), caller.name(), asked)));
    }

    @DELETE
    @Operation(
            operationId = "resumeProject",
            summary = "Resume them",
            description = "Each goes on with its next time; what the pause left out is not made up for.")
    @APIResponse(responseCode = "204", description = "They start again")
    @APIResponse(responseCode = "409", description = "They are not paused")
    public Response resume() {
        pauses.resume(project.id());
        return Response.noContent().build();
    }
}
