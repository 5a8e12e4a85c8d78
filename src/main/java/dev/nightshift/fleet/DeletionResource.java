package dev.nightshift.fleet;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.ForbiddenException;
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

/** What was deleted during the last 30 days, and the way back. */
@RequestScoped
@Path("/")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.WILDCARD)
@Tag(name = "Projects")
public class DeletionResource {
    @Inject
    private Deletions deletions;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    /** The newest deletion first. */
    @GET
    @Path("deleted-projects")
    @Operation(operationId = "deletedProjects", summary = "Deleted projects that can be restored (installation admin)")
    public Page<Deletions.Deleted> projects() {
        if (!caller.installationAdmin()) {
            throw new ForbiddenException("This needs an installation admin.");
        }
        return new Page<>(deletions.projects(), null);
    }

    /** All that was in it comes back with it. */
    @POST
    @Path("deleted-projects/{name}/restore")
    @Operation(operationId = "restoreProject", summary = "Restore a deleted project (installation admin)")
    @APIResponse(responseCode = "204", description = "It is back")
    @APIResponse(responseCode = "404", description = "None of that name was deleted during the last 30 days")
    public void restoreProject(@PathParam("name") String name) {
        Requests.found("deleted project", name, valid -> {
            deletions.restoreProject(valid);
            return java.util.Optional.of(valid);
        });
    }

    /** The newest deletion first. */
    @GET
    @Needs(Role.ADMIN)
    @Path("projects/{project}/deleted")
    @Operation(operationId = "deleted", summary = "Deleted instances and databases that can be restored")
    public Page<Deletions.Deleted> of(@PathParam("project") String name) {
        return new Page<>(deletions.of(project.id()), null);
    }

    /** A database comes back with its instance. */
    @POST
    @Needs(Role.ADMIN)
    @Path("projects/{project}/deleted/{id}/restore")
    @Operation(operationId = "restoreDeleted", summary = "Restore a deleted instance or database")
    @APIResponse(responseCode = "204", description = "It is back")
    @APIResponse(responseCode = "404", description = "Nothing of that id was deleted during the last 30 days")
    @APIResponse(responseCode = "409", description = "Its name or its server has been taken meanwhile")
    public void restore(@PathParam("project") String name, @PathParam("id") UUID id) {
        deletions.restore(project.id(), id);
    }
}
