package dev.nightshift.job;

import dev.nightshift.access.Caller;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The nodes of the installation. */
@Path("nodes")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Nodes")
public class NodeResource {
    @Inject
    private Leases leases;

    @Inject
    private Caller caller;

    @GET
    @Operation(summary = "The nodes of the last day", description = "For the installation's admin.")
    public List<Leases.NodeState> list() {
        if (!caller.installationAdmin()) {
            throw new Failure.NotFound("There is no such page for this login.");
        }
        return leases.nodes();
    }
}
