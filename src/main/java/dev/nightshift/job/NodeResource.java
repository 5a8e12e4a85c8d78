package dev.nightshift.job;

import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The nodes of the installation: how they are, and whether they take runs. */
@Path("nodes")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Nodes")
public class NodeResource {
    @Inject
    private Transactions transactions;

    @Inject
    private Audit audit;

    /** A server of this installation, alive or gone within the last day; memory in bytes. */
    @Schema(name = "Node")
    public record NodeView(
            UUID id,
            String name,
            String version,
            Instant startedAt,
            Instant lastHeartbeat,
            long sinceHeartbeatMillis,
            boolean alive,
            boolean draining,
            boolean drainAsked,
            @Nullable Double systemLoad,
            @Nullable Long heapUsedBytes,
            @Nullable Long heapMaxBytes,
            @Nullable Long clockOffsetMillis,
            boolean clockOff,
            long runs,
            long targets) {
        static NodeView of(NodeRepository.State node) {
            Duration offset = node.clockOffset();
            return new NodeView(
                    node.id(),
                    node.name(),
                    node.version(),
                    node.startedAt(),
                    node.lastHeartbeat(),
                    node.silence().toMillis(),
                    node.alive(),
                    node.draining(),
                    node.drainAsked(),
                    node.systemLoad(),
                    node.heapUsed(),
                    node.heapMax(),
                    offset == null ? null : offset.toMillis(),
                    offset != null && Node.isOff(offset),
                    node.runs(),
                    node.targets());
        }
    }

    @GET
    @NeedsInstallationAdmin
    @Operation(summary = "The nodes of the last day", description = "For the installation's admin.")
    public List<NodeView> list() {
        return transactions.installation(NodeRepository::all).stream()
                .map(NodeView::of)
                .toList();
    }

    @POST
    @Path("{id}/drain")
    @NeedsInstallationAdmin
    @Operation(
            summary = "Have a node take no new runs",
            description =
                    "Within 5 s it is not ready and takes no new run; what it works on goes on. Until it is resumed or"
                            + " started anew.")
    @APIResponse(
            responseCode = "200",
            description = "It drains with its next heartbeat",
            content = @Content(schema = @Schema(implementation = NodeView.class)))
    @APIResponse(responseCode = "409", description = "It sends no heartbeats")
    public NodeView drain(@PathParam("id") String id) {
        return ask(id, true);
    }

    @POST
    @Path("{id}/resume")
    @NeedsInstallationAdmin
    @Operation(
            summary = "Have a node take runs again",
            description =
                    "One that drains because of its drain file, or because it is being stopped, goes on draining.")
    @APIResponse(
            responseCode = "200",
            description = "It takes runs again with its next heartbeat",
            content = @Content(schema = @Schema(implementation = NodeView.class)))
    @APIResponse(responseCode = "409", description = "It sends no heartbeats")
    public NodeView resume(@PathParam("id") String id) {
        return ask(id, false);
    }

    private NodeView ask(String id, boolean drain) {
        UUID node = known(id);
        return NodeView.of(transactions.installation(connection -> {
            NodeRepository.State before = NodeRepository.find(connection, node).orElseThrow(NodeResource::unknown);
            if (!before.alive()) {
                throw new Failure.Conflict(
                        "Node " + before.name() + " has sent no heartbeat for "
                                + before.silence().toSeconds() + " s.",
                        "Start it again: it is a new node then.");
            }
            NodeRepository.askToDrain(connection, node, drain);
            audit.record(
                    null, drain ? "node.drain" : "node.resume", "node " + before.name(), Map.of("id", node.toString()));
            return NodeRepository.find(connection, node).orElseThrow(NodeResource::unknown);
        }));
    }

    private static UUID known(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            throw unknown();
        }
    }

    private static Failure.NotFound unknown() {
        return new Failure.NotFound("There is no such node, or it has signed off.");
    }
}
