package dev.nightshift.job;

import dev.nightshift.access.NeedsInstallationAdmin;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The nodes of the installation. */
@Path("nodes")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Nodes")
public class NodeResource {
    @Inject
    private Leases leases;

    /** A server of this installation, alive or gone within the last day. */
    @Schema(name = "Node")
    public record NodeView(
            UUID id,
            String name,
            String version,
            Instant startedAt,
            Instant lastHeartbeat,
            boolean alive,
            boolean draining,
            long runs) {
        static NodeView of(Leases.NodeState node) {
            return new NodeView(
                    node.id(),
                    node.name(),
                    node.version(),
                    node.startedAt(),
                    node.lastHeartbeat(),
                    node.alive(),
                    node.draining(),
                    node.runs());
        }
    }

    @GET
    @NeedsInstallationAdmin
    @Operation(summary = "The nodes of the last day", description = "For the installation's admin.")
    public List<NodeView> list() {
        return leases.nodes().stream().map(NodeView::of).toList();
    }
}
