package dev.nightshift.runtime.support;

import dev.nightshift.access.Caller;
import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Hands out the bundle for whoever helps. */
@Path("support")
@RequestScoped
@Tag(name = "Nodes")
public class SupportResource {
    @Inject
    private SupportBundle bundle;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    @GET
    @Produces("application/zip")
    @Operation(
            summary = "A bundle for whoever helps: versions, settings, health, counts, the end of the log",
            description =
                    "Of the node that answers. For the installation's admin. Names of projects, targets and people"
                            + " have stand-ins, and only settings that are no secret have values. It is in the audit log.")
    @APIResponse(responseCode = "200", description = "A zip", content = @Content(mediaType = "application/zip"))
    public Response get() {
        if (!caller.installationAdmin()) {
            throw new ForbiddenException("This needs an installation admin.");
        }
        byte[] zip;
        try {
            zip = bundle.make();
        } catch (IOException e) {
            throw new Failure.Fatal("The bundle could not be made: " + e.getMessage(), null, e);
        }
        audit.record(null, "support.export", "installation", Map.of("bytes", zip.length));
        return Response.ok(zip)
                .header(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"nightshift-support.zip\"")
                .build();
    }
}
