package dev.nightshift.fleet;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Asked;
import dev.nightshift.postgres.CheckReport;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Tests connections that nobody registered yet. */
@RequestScoped
@Path("/projects/{project}/check")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Databases")
public class CheckResource {
    @Inject
    private Fleet fleet;

    @Inject
    private Checkup checkup;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    /** Tests a connection before it is registered. */
    @POST
    @Needs(Role.OPERATOR)
    @Operation(
            operationId = "check",
            summary = "Test a connection that is not registered",
            description = "Takes the body of a new database and stores nothing.")
    @RequestBody(content = @Content(examples = @ExampleObject(name = "shop", value = DatabaseResource.NEW_EXAMPLE)))
    @APIResponse(
            responseCode = "200",
            description = "What was found",
            content = @Content(schema = @Schema(implementation = CheckReport.class)))
    public JsonObject check(DatabaseResource.@Nullable Body body) {
        DatabaseResource.Body asked = Asked.body(body);
        String dbname = Checks.required("dbname", asked.dbname() == null ? asked.name() : asked.dbname());
        if (asked.instance() != null) {
            return Checkup.json(checkup.look(Requests.instance(fleet, project.id(), asked.instance()), dbname));
        }
        return Checkup.json(checkup.check(Requests.server(asked.fields(), caller, fleet.credentialRoots()), dbname));
    }
}
