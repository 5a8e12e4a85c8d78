package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.fleet.Requests;
import dev.nightshift.kernel.Asked;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Slots that archiving left on an instance's server; a finding names each. */
@RequestScoped
@Path("projects/{project}/instances/{instance}/slots")
@Tag(name = "Backups")
public class SlotResource {
    @Inject
    private LeftSlots slots;

    @Inject
    private Fleet fleet;

    @Inject
    private CurrentProject project;

    @DELETE
    @Path("{slot}")
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "dropSlot",
            summary = "Drop a slot that archiving left on an instance's server",
            description =
                    "The server keeps nothing for it any more. If another installation of Nightshift archives by it, that has a"
                            + " gap then.")
    @APIResponse(responseCode = "204", description = "It is dropped")
    @APIResponse(responseCode = "400", description = "The instance has no such member")
    @APIResponse(responseCode = "404", description = "The server has no such slot of Nightshift's")
    @APIResponse(
            responseCode = "409",
            description = "Somebody streams from it, or an instance of this installation is archived by it")
    public Response drop(
            @PathParam("instance") String name,
            @PathParam("slot") String slot,
            @QueryParam("confirm") @Nullable String confirm,
            @Parameter(description = "host:port of the member that has it, where that is not the primary")
                    @QueryParam("member")
                    @Nullable
                    String member) {
        Instance instance = Requests.found("instance", name, valid -> fleet.instanceNamed(project.id(), valid));
        Asked.confirmed(confirm, slot);
        slots.drop(project.id(), instance.id(), slot, member);
        return Response.noContent().build();
    }
}
