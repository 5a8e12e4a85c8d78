package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.fleet.Requests;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Whether an instance's archived log is still in its stores. */
@RequestScoped
@Path("projects/{project}/instances/{instance}/wal-check")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class StoredLogResource {
    @Inject
    private StoredLogWatch watch;

    @Inject
    private Fleet fleet;

    @Inject
    private CurrentProject project;

    /**
     * What was found.
     *
     * @param complete whether nothing is missing
     * @param missing what the stores do not list of what the catalogue counts as stored there, in order
     */
    @Schema(name = "WalCheck")
    public record View(boolean complete, List<MissingView> missing) {}

    /** Log without which no restore comes past its beginning. */
    @Schema(name = "WalMissing")
    public record MissingView(String store, int timeline, String from, String to) {}

    @POST
    @Needs(Role.OPERATOR)
    @Operation(
            operationId = "checkWal",
            summary = "Hold an instance's archived log against what its stores list",
            description =
                    "Nightshift does so by itself every six hours; what is missing is a finding, and one that is not missing any"
                            + " more is closed. Objects are listed, not read: a drill reads them.")
    @APIResponse(responseCode = "503", description = "A store cannot be listed now")
    public View check(@PathParam("instance") String name) {
        Instance instance = Requests.found("instance", name, valid -> fleet.instanceNamed(project.id(), valid));
        List<MissingView> missing = watch.look(project.id(), instance.id()).stream()
                .map(each -> new MissingView(
                        each.store(),
                        each.stretch().timeline(),
                        each.stretch().from().toString(),
                        each.stretch().to().toString()))
                .toList();
        return new View(missing.isEmpty(), missing);
    }
}
