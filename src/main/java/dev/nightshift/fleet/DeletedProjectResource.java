package dev.nightshift.fleet;

import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The projects that were deleted during the last 30 days, and the way back. */
@RequestScoped
@Path("deleted-projects")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.WILDCARD)
@Tag(name = "Projects")
@NeedsInstallationAdmin
public class DeletedProjectResource {
    @Inject
    private Deletions deletions;

    /** The newest deletion first. */
    @GET
    @Operation(operationId = "deletedProjects", summary = "Deleted projects that can be restored (installation admin)")
    public Page<Deletions.Deleted> list() {
        return new Page<>(deletions.projects(), null);
    }

    /** All that was in it comes back with it. */
    @POST
    @Path("{name}/restore")
    @Operation(operationId = "restoreProject", summary = "Restore a deleted project (installation admin)")
    @APIResponse(responseCode = "204", description = "It is back")
    @APIResponse(responseCode = "404", description = "None of that name was deleted during the last 30 days")
    public void restore(@PathParam("name") String name) {
        Requests.found("deleted project", name, valid -> {
            deletions.restoreProject(valid);
            return Optional.of(valid);
        });
    }
}
