package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Holds on backups: what is on hold stays, whatever the rule of its expiry says. */
@RequestScoped
@Path("projects/{project}/backups/{id}/hold")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class HoldResource {
    private static final int LONGEST = 500;

    @Inject
    private Holds holds;

    @Inject
    private Backups backups;

    @Inject
    private CurrentProject project;

    /** Why it is to stay. */
    @Schema(name = "HoldRequest", example = "{\"reason\":\"the auditors want the year's end\"}")
    public record Body(@Nullable String reason) {}

    @PUT
    @Operation(operationId = "holdBackup", summary = "Put a backup on hold, so that it does not expire")
    @APIResponse(responseCode = "400", description = "There is no reason, or it is too long")
    @APIResponse(responseCode = "404", description = "There is no such backup")
    public BackupResource.BackupView hold(@PathParam("id") String id, @Nullable Body body) {
        String reason = Asked.body(body).reason();
        if (reason == null || reason.isBlank() || reason.length() > LONGEST) {
            throw new Failure.Invalid("reason", "Say why, in 1 to " + LONGEST + " characters.");
        }
        UUID backup = known(id);
        holds.hold(project.id(), backup, reason.strip());
        return view(backup);
    }

    /** It expires again as the rule says. */
    @DELETE
    @Needs(Role.ADMIN)
    @Operation(operationId = "releaseBackup", summary = "Take a backup's hold away")
    @APIResponse(responseCode = "404", description = "There is no such backup")
    @APIResponse(responseCode = "409", description = "Two people delete here: it waits for another one")
    public BackupResource.BackupView release(@PathParam("id") String id) {
        UUID backup = known(id);
        holds.release(project.id(), backup);
        return view(backup);
    }

    private BackupResource.BackupView view(UUID id) {
        return BackupResource.view(backups.get(project.id(), id));
    }

    private static UUID known(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw Holds.unknown();
        }
    }
}
