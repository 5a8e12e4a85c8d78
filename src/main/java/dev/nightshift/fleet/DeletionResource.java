package dev.nightshift.fleet;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Failure;
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
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The instances and databases of a project that were deleted during the last 30 days, and the way back. */
@RequestScoped
@Path("projects/{project}/deleted")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.WILDCARD)
@Tag(name = "Projects")
public class DeletionResource {
    @Inject
    private Deletions deletions;

    @Inject
    private CurrentProject project;

    /** The newest deletion first. */
    @GET
    @Needs(Role.ADMIN)
    @Operation(operationId = "deleted", summary = "Deleted instances and databases that can be restored")
    public Page<Deletions.Deleted> list() {
        return new Page<>(deletions.of(project.id()), null);
    }

    /** A database comes back with its instance. */
    @POST
    @Needs(Role.ADMIN)
    @Path("{id}/restore")
    @Operation(operationId = "restoreDeleted", summary = "Restore a deleted instance or database")
    @APIResponse(responseCode = "204", description = "It is back")
    @APIResponse(responseCode = "404", description = "Nothing of that id was deleted during the last 30 days")
    @APIResponse(responseCode = "409", description = "Its name or its server has been taken meanwhile")
    public void restore(@PathParam("id") String id) {
        UUID object;
        try {
            object = UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            throw new Failure.NotFound("Nothing of that id can be restored in this project.");
        }
        deletions.restore(project.id(), object);
    }
}
