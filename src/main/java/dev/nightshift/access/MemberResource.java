package dev.nightshift.access;

import dev.nightshift.access.People.Person;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Who belongs to a project. */
@Path("projects/{project}/members")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Access")
public class MemberResource {
    @Inject
    private CurrentProject project;

    @Inject
    private Members members;

    @Inject
    private People people;

    @Inject
    private Transactions transactions;

    @Inject
    private Event<AccessChange> changes;

    /** A member of the project: whether they come by OpenID Connect, and whether its groups gave the role. */
    public record MemberView(String name, String displayName, Role role, boolean openId, boolean byGroups) {}

    /** The role that somebody shall have. */
    public record RoleChange(@Nullable Role role) {}

    @GET
    @Operation(summary = "The members of a project with their roles")
    public Page<MemberView> all() {
        return new Page<>(
                members.all(project.id()).stream()
                        .map(m -> new MemberView(m.name(), m.displayName(), m.role(), m.openId(), m.byGroups()))
                        .toList(),
                null);
    }

    /** Adds a person to the project or changes their role. */
    @PUT
    @Path("{person}")
    @Needs(Role.ADMIN)
    @Operation(summary = "Give a person a role in the project")
    @RequestBody(content = @Content(examples = @ExampleObject(name = "example", value = "{\"role\":\"OPERATOR\"}")))
    public MemberView put(@PathParam("person") String name, @Nullable RoleChange change) {
        Role role = Fields.value("role", Asked.body(change).role());
        if (role.isOfLog()) {
            throw new Failure.Invalid("role", "Only API keys have the role " + role + ".");
        }
        // Also for a project's admin, who may not list the installation's people but must know whom to add
        Person person = people.find(name)
                .filter(p -> !p.disabled())
                .orElseThrow(() -> new Failure.NotFound("There is no person \"" + name + "\" who may log in."));
        ProjectId id = project.id();
        transactions.run(id, connection -> {
            members.put(id, person.id(), role, false);
            changes.fire(new AccessChange(id, null, "member.put", "person " + name, Map.of("role", role)));
        });
        return new MemberView(person.name(), person.displayName(), role, person.openId(), false);
    }

    @DELETE
    @Path("{person}")
    @Needs(Role.ADMIN)
    @Operation(summary = "Take a person out of the project")
    @APIResponse(responseCode = "204", description = "The person is no member any more")
    public void remove(@PathParam("person") String name) {
        ProjectId id = project.id();
        Optional<Person> person = people.find(name);
        transactions.run(id, connection -> {
            if (person.isEmpty() || !members.remove(id, person.get().id())) {
                throw new Failure.NotFound("\"" + name + "\" is not a member of project \"" + project.name() + "\".");
            }
            changes.fire(new AccessChange(id, null, "member.remove", "person " + name, Map.of()));
        });
    }
}
