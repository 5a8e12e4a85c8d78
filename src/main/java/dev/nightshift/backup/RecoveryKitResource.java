package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** A project's keys and what belongs to them, under a passphrase: for the decoder, and for an empty Nightshift. */
@Path("projects/{project}/recovery-kit")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class RecoveryKitResource {
    @Inject
    private RecoveryKits kits;

    @Inject
    private CurrentProject project;

    /** What opens the kit: 20 characters or more. */
    @Schema(name = "RecoveryKitRequest", example = "{\"passphrase\":\"five words nobody would guess\"}")
    public record Body(@Nullable String passphrase) {
        /** Says nothing of it. */
        @Override
        public String toString() {
            return "Body[hidden]";
        }
    }

    /** A POST, because each is a deed that the audit log keeps, and no cache may hold the answer. */
    @POST
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "recoveryKit",
            summary = "Make a recovery kit, under a passphrase",
            description =
                    "All keys of the project, old and new, with its servers and stores. Whoever holds the file and the"
                            + " passphrase can read every backup of the project. Keep both offline and apart.")
    @APIResponse(
            responseCode = "200",
            description = "The file that the decoder and an import take",
            content = @Content(schema = @Schema(type = SchemaType.OBJECT)))
    @APIResponse(responseCode = "400", description = "The passphrase is too short or too long")
    public Response make(@Nullable Body body) {
        String passphrase = Asked.body(body).passphrase();
        if (passphrase == null) {
            throw new Failure.Invalid("passphrase", "Give the passphrase that is to open the kit.");
        }
        return Response.ok(kits.make(project.id(), passphrase))
                .header("Cache-Control", "no-store")
                .header(
                        "Content-Disposition",
                        "attachment; filename=\"nightshift-" + project.name() + "-recovery-kit.json\"")
                .build();
    }
}
