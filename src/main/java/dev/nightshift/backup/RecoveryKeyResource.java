package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.audit.Audit;
import dev.nightshift.tenancy.Live;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The key that opens a project's backups without Nightshift: for the stand-alone decoder. */
@Path("projects/{project}/recovery-key")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class RecoveryKeyResource {
    @Inject
    private Keyring keyring;

    @Inject
    private CurrentProject project;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    /** A POST, because each export is a deed that the audit log keeps, and no cache may hold the answer. */
    @POST
    @Needs(Role.ADMIN)
    @Operation(
            summary = "Export the project's recovery key",
            description = "Whoever holds this file can read every backup of the project. Keep it offline.")
    @APIResponse(
            responseCode = "200",
            description = "The file that the decoder takes as its key",
            content = @Content(schema = @Schema(type = SchemaType.OBJECT)))
    public Response export() {
        ProjectKeys keys = keyring.of(project.id());
        String key = keys.export().toJson();
        keyring.exported(project.id(), keys.ids());
        audit.record(project.id(), "recovery-key.export", "project " + project.name(), Map.of());
        live.changed(project.id(), "backup", project.id().value());
        return Response.ok(key)
                .header(
                        "Content-Disposition",
                        "attachment; filename=\"nightshift-" + project.name() + "-recovery-key.json\"")
                .build();
    }
}
