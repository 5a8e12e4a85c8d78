package dev.nightshift.access;

import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What is kept of a person: for themselves and for installation admins, who alone erase it. */
@Path("people/{person}/data")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Access")
public class PersonalDataResource {
    /**
     * What is kept of a person.
     *
     * @param openId the OpenID provider that vouches for them; null for who has a password
     * @param openIdSubject whom the provider knows them as
     * @param roles by project
     * @param records by what they are: entries of the audit log, runs, keys that they made
     */
    public record Export(
            Instant at,
            String name,
            String displayName,
            @Nullable String openId,
            @Nullable String openIdSubject,
            boolean installationAdmin,
            boolean disabled,
            Instant createdAt,
            @Nullable Instant lastLogin,
            Map<String, Role> roles,
            List<SessionResource.SessionView> sessions,
            Map<String, List<Map<String, Object>>> records) {}

    @Inject
    private PersonalData data;

    @Inject
    private People people;

    @Inject
    private Caller caller;

    @GET
    @Operation(
            summary = "Export what is kept of a person",
            description =
                    "One's own, or for installation admins anybody's: profile, roles, sessions, and the newest 10,000 audit"
                            + " entries, runs and keys.")
    @APIResponse(
            responseCode = "200",
            description = "A JSON document to hand out",
            content = @Content(schema = @Schema(implementation = Export.class)))
    public Response export(@PathParam("person") String person) {
        boolean own = caller.kind() == Caller.Kind.PERSON && caller.name().equals(person);
        if (!own && !caller.installationAdmin()) {
            throw new ForbiddenException("This needs an installation admin.");
        }
        return Response.ok(data.of(person))
                .header(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"nightshift-" + person + ".json\"")
                .build();
    }

    @DELETE
    @NeedsInstallationAdmin
    @Operation(
            summary = "Erase a person (installation admin)",
            description =
                    "Login, roles and sessions are gone for good; audit log and runs keep a pseudonym instead of the name.")
    @APIResponse(responseCode = "204", description = "The name is known no more")
    @APIResponse(responseCode = "409", description = "It is oneself, or the last installation admin")
    public void erase(@PathParam("person") String person, @QueryParam("confirm") @Nullable String confirm) {
        people.get(person);
        Asked.confirmed(confirm, person);
        if (caller.kind() == Caller.Kind.PERSON && caller.name().equals(person)) {
            throw new Failure.Conflict("Nobody erases themselves.", "Ask another installation admin.");
        }
        data.erase(person);
    }
}
