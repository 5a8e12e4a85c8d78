package dev.nightshift.backup;

import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** A project's keys come back into a Nightshift that lost them, or never had them. */
@Path("recovery-kit/import")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class RecoveryKitImportResource {
    @Inject
    private RecoveryKits kits;

    /**
     * A kit and what opens it.
     *
     * @param kit the file's text, to the byte
     * @param name of the project, where there is none of the kit's id; the kit's if none is given
     */
    @Schema(name = "RecoveryKitImport")
    public record Body(
            @Nullable String kit,
            @Nullable String passphrase,
            @Nullable String name) {
        /** Says nothing of it. */
        @Override
        public String toString() {
            return "Body[hidden]";
        }
    }

    /**
     * What came of it.
     *
     * @param created whether there was no such project
     * @param primary the id of the key that wraps from now on
     * @param keys the ids of those that were taken over
     * @param servers those that the project had, for whoever registers them again
     * @param stores those that its backups lay in
     */
    @Schema(name = "ImportedKit")
    public record ImportedView(
            UUID id,
            String project,
            boolean created,
            String primary,
            List<String> keys,
            List<ServerView> servers,
            List<StoreView> stores) {}

    /** A server as the kit knows it. */
    @Schema(name = "ImportedKitServer")
    public record ServerView(String name, @Nullable String systemIdentifier, String host, int port) {}

    /** A store as the kit knows it. */
    @Schema(name = "ImportedKitStore")
    public record StoreView(String name, String kind, String place) {}

    @POST
    @NeedsInstallationAdmin
    @Operation(
            operationId = "importRecoveryKit",
            summary = "Import a recovery kit",
            description =
                    "Makes the project anew, with the id that its backups are bound to, or gives the project of that id the keys"
                            + " that it lacks; the kit's primary key wraps from then on, if it is one of those. Then define the stores, register the servers, and run rebuild-catalogue.")
    @APIResponse(responseCode = "200", description = "The keys are there")
    @APIResponse(responseCode = "400", description = "The passphrase is wrong, or the kit is damaged")
    @APIResponse(responseCode = "409", description = "Another project has the name")
    public ImportedView take(@Nullable Body body) {
        Body asked = Asked.body(body);
        if (asked.kit() == null) {
            throw new Failure.Invalid("kit", "Give the kit: the text of its file.");
        }
        if (asked.passphrase() == null || asked.passphrase().isEmpty()) {
            throw new Failure.Invalid("passphrase", "Give the kit's passphrase.");
        }
        return kits.take(asked.kit(), asked.passphrase(), asked.name() == null ? null : new Name(asked.name()));
    }
}
