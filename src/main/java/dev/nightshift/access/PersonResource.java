package dev.nightshift.access;

import dev.nightshift.access.People.Person;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The people who may log in; for installation admins alone. */
@Path("people")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Access")
@NeedsInstallationAdmin
public class PersonResource {
    private static final int LONGEST_DISPLAY_NAME = 200;

    @Inject
    private People people;

    @Inject
    private Passwords passwords;

    @Inject
    private Sessions sessions;

    @Inject
    private Admissions admissions;

    @Inject
    private Transactions transactions;

    @Inject
    private Event<AccessChange> changes;

    /** A project of the person's. */
    public record ProjectView(String name, Role role) {}

    /** A person, without anything that could log them in; {@code openId} tells who comes by OpenID Connect. */
    public record PersonView(
            String name,
            String displayName,
            boolean installationAdmin,
            boolean disabled,
            boolean openId,
            Instant createdAt,
            @Nullable Instant lastLogin,
            List<ProjectView> projects) {}

    /** A person to be made or changed; what is null stays as it is. */
    public record PersonChange(
            @Nullable String name,
            @Nullable String displayName,
            @Nullable String password,
            @Nullable Boolean installationAdmin,
            @Nullable Boolean disabled) {
        @Override
        public String toString() {
            return "PersonChange[" + name + "]";
        }
    }

    @GET
    @Operation(summary = "The people who may log in")
    public Page<PersonView> all() {
        return new Page<>(people.all().stream().map(this::view).toList(), null);
    }

    @GET
    @Path("{person}")
    @Operation(summary = "A person")
    public PersonView one(@PathParam("person") String name) {
        return view(people.get(name));
    }

    @POST
    @Operation(summary = "Add a person")
    @RequestBody(
            content =
                    @Content(
                            examples =
                                    @ExampleObject(
                                            name = "example",
                                            value = "{\"name\":\"ada\",\"displayName\":\"Ada\",\"password\":\"…\"}")))
    @APIResponse(
            responseCode = "201",
            description = "The person",
            content = @Content(schema = @Schema(implementation = PersonView.class)))
    @APIResponse(responseCode = "409", description = "The name is taken")
    public Response create(@Nullable PersonChange change) {
        PersonChange wanted = Asked.body(change);
        String name = Fields.text("name", wanted.name());
        String displayName = wanted.displayName() == null
                ? name
                : Fields.text("displayName", wanted.displayName(), LONGEST_DISPLAY_NAME);
        String password = Fields.text("password", wanted.password());
        Passwords.check("password", password, name);
        String hash = passwords.hash(password);
        boolean installationAdmin = Boolean.TRUE.equals(wanted.installationAdmin());
        transactions.installation(connection -> {
            people.create(name, displayName, hash, installationAdmin);
            audit("person.create", name, Map.of("installationAdmin", installationAdmin));
            return true;
        });
        return Response.created(URI.create("/api/people/" + name))
                .entity(view(people.get(name)))
                .build();
    }

    /** Changes what is given. A new password, and being disabled, ends the person's sessions. */
    @PUT
    @Path("{person}")
    @Operation(summary = "Change a person, or set a new password")
    public PersonView change(@PathParam("person") String name, @Nullable PersonChange change) {
        Person person = people.get(name);
        PersonChange wanted = Asked.body(change);
        Asked.sameName("name", wanted.name(), person.name());
        String displayName = wanted.displayName() == null
                ? person.displayName()
                : Fields.text("displayName", wanted.displayName(), LONGEST_DISPLAY_NAME);
        boolean installationAdmin =
                Optional.ofNullable(wanted.installationAdmin()).orElse(person.installationAdmin());
        boolean disabled = Optional.ofNullable(wanted.disabled()).orElse(person.disabled());
        String password = wanted.password();
        if (password != null) {
            if (person.openId()) {
                throw new Failure.Invalid(
                        "password", "\"" + name + "\" logs in by OpenID Connect and has no password here.");
            }
            Passwords.check("password", password, name);
        }
        String hash = password == null ? null : passwords.hash(password);
        transactions.installation(connection -> {
            people.change(name, displayName, installationAdmin, disabled);
            if (hash != null) {
                people.password(person.id(), hash);
            }
            if (hash != null || disabled) {
                sessions.closeAll(person.id(), null);
            }
            audit(
                    "person.change",
                    name,
                    Map.of("installationAdmin", installationAdmin, "disabled", disabled, "newPassword", hash != null));
            return true;
        });
        return view(people.get(name));
    }

    /** Disables the person and ends their sessions; the name stays, because the audit log speaks of it. */
    @DELETE
    @Path("{person}")
    @Operation(summary = "Disable a person, whose sessions end at once")
    @APIResponse(responseCode = "204", description = "The login is closed")
    public void disable(@PathParam("person") String name) {
        Person person = people.get(name);
        transactions.installation(connection -> {
            people.change(name, person.displayName(), person.installationAdmin(), true);
            sessions.closeAll(person.id(), null);
            audit("person.disable", name, Map.of());
            return true;
        });
    }

    private PersonView view(Person person) {
        Identity asMember = new Identity(person.id(), person.name(), Caller.Kind.PERSON, false, null, null, null);
        return new PersonView(
                person.name(),
                person.displayName(),
                person.installationAdmin(),
                person.disabled(),
                person.openId(),
                person.createdAt(),
                person.lastLogin(),
                admissions.all(asMember).stream()
                        .map(a -> new ProjectView(a.name(), a.role()))
                        .toList());
    }

    private void audit(String action, String name, Map<String, ?> details) {
        changes.fire(new AccessChange(null, null, action, "person " + name, details));
    }
}
