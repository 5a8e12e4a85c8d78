package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.backup.deletion.DeletionRequests;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The keys that a project's backups open by; what they are made of never leaves here. */
@Path("projects/{project}/keys")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class ProjectKeyResource {
    @Inject
    private ProjectKeyRing ring;

    @Inject
    private DeletionRequests requests;

    @Inject
    private CurrentProject project;

    /**
     * A key that opens backups.
     *
     * @param madeAt or taken over from a recovery kit
     * @param primary whether it wraps the data keys of what is new
     * @param exportedAt when it was first put into a recovery kit or a key file, or came from a kit; null if it never was. Whether
     *     somebody keeps the file is not known
     * @param backups how many kept ones open by it
     * @param logs how many archives of logs do
     */
    @Schema(name = "ProjectKey")
    public record KeyView(
            String id,
            Instant madeAt,
            boolean primary,
            @Nullable Instant exportedAt,
            long backups,
            long logs) {}

    /**
     * What a rotation made.
     *
     * @param key the new key's id
     * @param next what to do, in a sentence: what is stored still opens by the older keys
     */
    @Schema(name = "RotatedKey")
    public record RotatedView(String key, String next) {}

    @GET
    @Operation(operationId = "projectKeys", summary = "The keys that the project's backups open by, newest first")
    public Page<KeyView> list() {
        return new Page<>(
                ring.keys(project.id()).stream()
                        .map(key -> new KeyView(
                                key.id(),
                                key.madeAt(),
                                key.primary(),
                                key.exportedAt(),
                                key.use().backups(),
                                key.use().logs()))
                        .toList(),
                null);
    }

    @POST
    @Path("rotate")
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "rotateProjectKey",
            summary = "Make a new key, which wraps what is new",
            description =
                    "What is new uses it at once. Then make a recovery kit, and run rewrap-keys, which wraps the data"
                            + " keys of what is stored. Data keys stay: this does not cure a key that somebody else"
                            + " knows.")
    @APIResponse(
            responseCode = "200",
            description = "The key is made",
            content = @Content(schema = @Schema(implementation = RotatedView.class)))
    @APIResponse(responseCode = "409", description = "The project has too many keys")
    public RotatedView rotate() {
        return new RotatedView(
                ring.rotate(project.id()),
                "Make a recovery kit now: the one of before does not hold this key. Then run " + RewrapJob.NAME
                        + " over all databases.");
    }

    @DELETE
    @Path("{id}")
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "destroyProjectKey",
            summary = "Destroy a key by which nothing opens that is kept",
            description =
                    "The catalogue is asked, and every description in every store is read. What only this key opens is"
                            + " lost, but for those who hold a recovery kit.")
    @APIResponse(responseCode = "204", description = "It is destroyed")
    @APIResponse(responseCode = "404", description = "There is no such key")
    @APIResponse(
            responseCode = "409",
            description =
                    "It wraps what is new, or something that is kept opens by it, or the key that wraps is in no kit")
    @APIResponse(
            responseCode = "503",
            description =
                    "A store does not answer or lacks what is kept there, so nobody knows; or a run is under way that may"
                            + " store what opens by it")
    public Response destroy(@PathParam("id") String id, @QueryParam("confirm") @Nullable String confirm) {
        ring.require(project.id(), id);
        Asked.confirmed(confirm, id);
        requests.require(project.id(), KeyDestruction.KIND, KeyDestruction.asked(id));
        ring.destroy(project.id(), id);
        return Response.noContent().build();
    }
}
