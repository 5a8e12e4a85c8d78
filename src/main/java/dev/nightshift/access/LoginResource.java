package dev.nightshift.access;

import dev.nightshift.access.People.Person;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.annotation.security.PermitAll;
import jakarta.enterprise.context.RequestScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotAuthorizedException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
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

/** Logging in and out, and who one is. */
@Path("/")
@RequestScoped
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Access")
public class LoginResource {
    @Inject
    private People people;

    @Inject
    private Passwords passwords;

    @Inject
    private Sessions sessions;

    @Inject
    private LoginLimit limit;

    @Inject
    private LocalLogin local;

    @Inject
    private Admissions admissions;

    @Inject
    private Transactions transactions;

    @Inject
    private Caller caller;

    @Inject
    private Event<AccessChange> changes;

    @Context
    @SuppressWarnings("NullAway.Init")
    private HttpServletRequest request;

    /** Name and password. */
    public record Credentials(
            @Nullable String name, @Nullable String password) {
        @Override
        public String toString() {
            return "Credentials[" + name + "]";
        }
    }

    /** The old password and the new one. */
    public record PasswordChange(
            @Nullable String current,

            @jakarta.json.bind.annotation.JsonbProperty("new") @Nullable
            String replacement) {
        @Override
        public String toString() {
            return "PasswordChange[]";
        }
    }

    /** A project that the caller may see. */
    public record ProjectRole(String name, String displayName, Role role, String timeZone, String currency) {}

    /** Who is logged in; who comes by OpenID Connect has no password here. */
    public record Me(
            String name, Caller.Kind kind, boolean installationAdmin, boolean openId, List<ProjectRole> projects) {}

    /** Opens a session and sets its cookie. 401 does not say which of the two is wrong. */
    @POST
    @Path("login")
    @PermitAll
    @Operation(summary = "Log in; the answer sets the session cookie")
    @RequestBody(
            content =
                    @Content(
                            examples =
                                    @ExampleObject(
                                            name = "example",
                                            value = "{\"name\":\"admin\",\"password\":\"…\"}")))
    @APIResponse(
            responseCode = "200",
            description = "Logged in",
            content = @Content(schema = @Schema(implementation = Me.class)))
    @APIResponse(responseCode = "429", description = "Too many attempts; Retry-After says when")
    public Response login(@Nullable Credentials credentials) {
        if (!local.allowed()) {
            throw new ForbiddenException("Logging in by name and password is switched off here; use the OpenID login."
                    + " API keys work as ever.");
        }
        Credentials given = Asked.body(credentials);
        String name = Fields.text("name", given.name());
        String password = Fields.text("password", given.password());
        String address = request.getRemoteAddr();
        Duration wait = limit.attempt(name, address);
        if (!wait.isZero()) {
            throw new WebApplicationException(
                    "Too many failed logins. Try again in " + (wait.toMinutes() + 1) + " minutes.",
                    Response.status(Response.Status.TOO_MANY_REQUESTS)
                            .header(HttpHeaders.RETRY_AFTER, wait.toSeconds() + 1)
                            .build());
        }
        Optional<Person> person = people.find(name).filter(p -> !p.disabled());
        if (password.length() > Passwords.LONGEST * 2
                || !passwords.verify(password, person.flatMap(LoginResource::hash))) {
            // The name is noted only if there is such a person: people type passwords into the wrong field
            String known = person.map(Person::name).orElse("unknown");
            audit(known, address, "login.failed");
            throw new NotAuthorizedException("Name or password is wrong.", "Bearer");
        }
        Person who = person.orElseThrow();
        limit.forgive(name);
        Secret cookie = transactions.installation(connection -> {
            if (!people.loggedIn(who.id())) {
                throw new NotAuthorizedException("Name or password is wrong.", "Bearer"); // disabled at this moment
            }
            audit(who.name(), address, "login");
            return sessions.open(who.id(), address, request.getHeader(HttpHeaders.USER_AGENT));
        });
        Identity identity =
                new Identity(who.id(), who.name(), Caller.Kind.PERSON, who.installationAdmin(), null, null, null);
        return Response.ok(me(identity, false))
                .header(HttpHeaders.SET_COOKIE, Authentication.setCookie(cookie))
                .build();
    }

    /** Ends the session; with an API key there is none to end. */
    @POST
    @Path("logout")
    @PermitAll
    @Operation(summary = "End the session")
    @APIResponse(responseCode = "204", description = "The cookie opens nothing any more")
    public Response logout() {
        caller.identity().map(Identity::session).ifPresent(session -> {
            sessions.close(session, null);
            changes.fire(new AccessChange(null, null, "logout", "person " + caller.name(), Map.of()));
        });
        return Response.noContent()
                .header(HttpHeaders.SET_COOKIE, Authentication.removeCookie())
                .build();
    }

    @GET
    @Path("me")
    @Operation(summary = "Who the caller is, and its roles")
    public Me me() {
        Identity who = caller.identity().orElseThrow();
        boolean person = who.kind() == Caller.Kind.PERSON;
        return me(who, person && people.get(who.name()).openId());
    }

    /** Changes the caller's own password and ends all their other sessions. */
    @PUT
    @Path("me/password")
    @PermitAll
    @Operation(summary = "Set a new password of one's own")
    @APIResponse(responseCode = "204", description = "The other sessions have ended")
    @APIResponse(responseCode = "429", description = "Too many wrong passwords; Retry-After says when")
    public Response password(@Nullable PasswordChange change) {
        Identity identity = caller.identity().orElseThrow();
        if (identity.kind() != Caller.Kind.PERSON) {
            throw new ForbiddenException("An API key has no password.");
        }
        Person person = people.get(identity.name());
        if (person.openId()) {
            throw new ForbiddenException("You log in by OpenID Connect: Nightshift has no password of yours.");
        }
        PasswordChange wanted = Asked.body(change);
        String current = Fields.text("current", wanted.current());
        String replacement = Fields.text("new", wanted.replacement());
        Duration wait = limit.attempt(identity.name(), request.getRemoteAddr());
        if (!wait.isZero()) {
            throw new WebApplicationException(
                    "Too many wrong passwords. Try again in " + (wait.toMinutes() + 1) + " minutes.",
                    Response.status(Response.Status.TOO_MANY_REQUESTS)
                            .header(HttpHeaders.RETRY_AFTER, wait.toSeconds() + 1)
                            .build());
        }
        if (!passwords.verify(current, hash(person))) {
            throw new Failure.Invalid("current", "The current password is wrong.");
        }
        limit.forgive(identity.name());
        Passwords.check("new", replacement, person.name());
        String hash = passwords.hash(replacement);
        transactions.installation(connection -> {
            people.password(person.id(), hash);
            sessions.closeAll(person.id(), identity.session());
            changes.fire(new AccessChange(null, null, "person.password", "person " + person.name(), Map.of()));
            return true;
        });
        return Response.noContent().build();
    }

    private static Optional<String> hash(Person person) {
        return Optional.ofNullable(person.passwordHash());
    }

    private Me me(Identity identity, boolean openId) {
        return new Me(
                identity.name(),
                identity.kind(),
                identity.installationAdmin(),
                openId,
                admissions.all(identity).stream()
                        .map(a -> new ProjectRole(a.name(), a.displayName(), a.role(), a.timeZone(), a.currency()))
                        .toList());
    }

    private void audit(String name, String address, String action) {
        var actor = new AccessChange.Actor(name, Caller.Kind.PERSON, address);
        changes.fire(new AccessChange(null, actor, action, "person " + name, Map.of("how", "password")));
    }
}
