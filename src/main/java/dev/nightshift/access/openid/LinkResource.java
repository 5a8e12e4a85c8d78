package dev.nightshift.access.openid;

import dev.nightshift.access.Arrivals;
import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Has somebody who is here already log in by the OpenID provider; for installation admins alone. */
@Path("people/{person}/openid")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Access")
@NeedsInstallationAdmin
public class LinkResource {
    private static final int LONGEST_SUBJECT = 255;

    @Inject
    private OpenId openId;

    @Inject
    private Arrivals arrivals;

    /** Who the person is at the provider: the claim {@code sub}. */
    public record Link(@Nullable String subject) {}

    @PUT
    @Operation(summary = "Link a person to a subject of the OpenID provider; their password ends")
    @RequestBody(
            content = @Content(examples = @ExampleObject(name = "example", value = "{\"subject\":\"248289761001\"}")))
    @APIResponse(responseCode = "204", description = "The person logs in by the provider from now on")
    @APIResponse(responseCode = "409", description = "There is no provider, or the subject is somebody else's")
    public void link(@PathParam("person") String name, @Nullable Link link) {
        String subject = Asked.body(link).subject();
        if (subject == null || subject.isBlank() || subject.length() > LONGEST_SUBJECT) {
            throw new Failure.Invalid(
                    "subject", "The field \"subject\" holds 1 to " + LONGEST_SUBJECT + " characters.");
        }
        OpenIdConfig config = openId.config()
                .orElseThrow(() -> new Failure.Conflict(
                        "There is no login by an OpenID provider here.", "Set NIGHTSHIFT_OIDC_ISSUER."));
        arrivals.link(name, config.issuer(), subject);
    }
}
