package dev.nightshift.fleet;

import dev.nightshift.access.Admission;
import dev.nightshift.access.Admissions;
import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The projects that the caller may see. */
@RequestScoped
@Path("/projects")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Projects")
public class ProjectResource {
    /** A project, as it is asked for and shown. */
    @Schema(name = "Project")
    public record Body(
            @Schema(
                    examples = "\"shop\"",
                    description = "Lower-case letters, digits and hyphens, at most 63; never changes")
            @Nullable
            String name,

            @Schema(examples = "\"Shop\"", description = "1 to 200 characters; the name if left out") @Nullable
            String displayName,

            @Schema(examples = "\"Europe/Vienna\"", description = "UTC if left out") @Nullable
            String timeZone,

            @Schema(examples = "\"EUR\"", description = "ISO 4217; EUR if left out") @Nullable
            String currency) {
        static Body of(Admission project) {
            return new Body(project.name(), project.displayName(), project.timeZone(), project.currency());
        }

        static Body of(Project project) {
            return new Body(
                    project.name().value(),
                    project.displayName(),
                    project.timeZone().getId(),
                    project.currency().getCurrencyCode());
        }
    }

    @Inject
    private Admissions admissions;

    @Inject
    private Caller caller;

    @Inject
    private CurrentProject current;

    @Inject
    private Registration registration;

    @Inject
    private Deletions deletions;

    /** All of them: an installation has few. */
    @GET
    @Operation(operationId = "projects", summary = "List the projects that you may see")
    public Page<Body> list() {
        return new Page<>(
                caller.identity().stream()
                        .flatMap(who -> admissions.all(who).stream())
                        .map(Body::of)
                        .toList(),
                null);
    }

    /** Makes one, with keys of its own; for the installation's admin. */
    @POST
    @Operation(operationId = "createProject", summary = "Make a project (installation admin)")
    @RequestBody(
            content =
                    @Content(
                            examples =
                                    @ExampleObject(
                                            name = "shop",
                                            value =
                                                    "{\"name\":\"shop\",\"displayName\":\"Shop\",\"timeZone\":\"Europe/Vienna\",\"currency\":\"EUR\"}")))
    @APIResponse(
            responseCode = "201",
            description = "The project",
            content = @Content(schema = @Schema(implementation = Body.class)))
    @APIResponse(responseCode = "409", description = "The name is taken")
    public Response create(@Nullable Body body, @Context UriInfo uri) {
        Body asked = Asked.body(body);
        Name name = Checks.name("name", asked.name());
        Project made = registration.project(new NewProject(
                name,
                asked.displayName() == null ? name.value() : asked.displayName(),
                Checks.zone("timeZone", asked.timeZone()),
                Checks.currency("currency", asked.currency())));
        return Requests.created(uri, name, Body.of(made));
    }

    /** One of them. */
    @GET
    @Path("/{project}")
    @Operation(operationId = "project", summary = "Show a project")
    @APIResponse(responseCode = "404", description = "There is none, or you may not see it")
    public Body get(@PathParam("project") String project) {
        return current.admission()
                .map(Body::of)
                .orElseThrow(() -> new Failure.NotFound("There is no project \"" + project + "\"."));
    }

    /** Deletes one, with all that is in it; within 30 days it can be restored. */
    @DELETE
    @Needs(Role.ADMIN)
    @NeedsInstallationAdmin
    @Path("/{project}")
    @Operation(
            operationId = "deleteProject",
            summary = "Delete a project (installation admin)",
            description = "Nobody sees it any more and nothing of it is done. It can be restored for 30 days.")
    @APIResponse(responseCode = "204", description = "It is gone")
    @APIResponse(responseCode = "409", description = "Backups of it are held, or a run of it is under way")
    public void delete(@PathParam("project") String project, @QueryParam("confirm") @Nullable String confirm) {
        Asked.confirmed(confirm, project);
        deletions.deleteProject(current.id());
    }
}
