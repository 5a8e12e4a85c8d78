package dev.nightshift.access;

import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.tenancy.Work;
import jakarta.annotation.security.PermitAll;
import jakarta.enterprise.context.RequestScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** API keys: a project's admin makes and revokes those of the project, an installation admin all of them. */
@Path("keys")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Access")
public class KeyResource {
    private static final int LONGEST_NAME = 100;

    /** What comes after it is no date in the repository any more. */
    private static final int LAST_YEAR = 9999;

    /** Enough of a key to recognise it by: the "ns_" and four of its 43 random characters. */
    private static final int PREFIX = 7;

    @Inject
    private Keys keys;

    @Inject
    private Persons persons;

    @Inject
    private Admissions admissions;

    @Inject
    private Transactions transactions;

    @Inject
    private Caller caller;

    @Inject
    private Clock clock;

    @Inject
    private Event<AccessChange> changes;

    /** A key to be made: of a project in a role, or of the installation. */
    public record NewKey(
            @Nullable String name,
            @Nullable String project,
            @Nullable Role role,
            @Nullable LocalDate expires,
            @Nullable Boolean installationAdmin) {}

    /**
     * A key.
     *
     * @param key the key itself, only in the answer that made it
     * @param expires its last day, in UTC
     */
    public record KeyView(
            UUID id,
            String name,
            @Nullable String key,
            @Nullable String project,
            @Nullable Role role,
            boolean installationAdmin,
            @Nullable LocalDate expires,
            String createdBy,
            Instant createdAt,
            @Nullable Instant lastUsed,
            String prefix) {
        @Override
        public String toString() {
            return "KeyView[" + prefix + "…]";
        }
    }

    /** The keys that the caller may revoke, perhaps of one project alone. */
    @GET
    @Operation(summary = "The API keys that the caller may revoke")
    public Page<KeyView> all(@QueryParam("project") @Nullable String project) {
        List<KeyView> views = new ArrayList<>();
        if (project == null && caller.installationAdmin()) {
            keys.all(null).forEach(key -> views.add(view(key, null)));
        }
        for (Admission admission : administered()) {
            if (project == null || project.equals(admission.name())) {
                keys.all(admission.id()).forEach(key -> views.add(view(key, admission.name())));
            }
        }
        return new Page<>(views, null);
    }

    @POST
    @PermitAll
    @Operation(summary = "Make an API key; the answer shows it, once")
    @RequestBody(
            content =
                    @Content(
                            examples =
                                    @ExampleObject(
                                            name = "example",
                                            value =
                                                    "{\"name\":\"ci\",\"project\":\"shop\",\"role\":\"OPERATOR\",\"expires\":\"2027-01-01\"}")))
    @APIResponse(
            responseCode = "201",
            description = "The key, shown this once",
            content = @Content(schema = @Schema(implementation = KeyView.class)))
    public Response create(@Nullable NewKey wanted) {
        NewKey key = Asked.body(wanted);
        String name = Fields.text("name", key.name(), LONGEST_NAME);
        boolean installation = Boolean.TRUE.equals(key.installationAdmin());
        if (installation == (key.project() != null)) {
            throw new Failure.Invalid(
                    "project", "A key opens either one project, or with \"installationAdmin\": true the installation.");
        }
        Role role = installation ? null : Fields.value("role", key.role());
        if (key.expires() != null
                && key.expires().isBefore(clock.now().atOffset(ZoneOffset.UTC).toLocalDate())) {
            throw new Failure.Invalid("expires", "The key would have expired before it was made.");
        }
        if (key.expires() != null && key.expires().getYear() > LAST_YEAR) {
            throw new Failure.Invalid("expires", "A date up to the year " + LAST_YEAR + " is expected.");
        }
        Instant expires = key.expires() == null
                ? null
                : key.expires().plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
        Admission admission = installation ? null : administered(Fields.text("project", key.project()));
        if (installation && !caller.installationAdmin()) {
            throw new ForbiddenException("This needs an installation admin.");
        }
        ProjectId project = admission == null ? null : admission.id();
        Secret secret = Secret.random("ns_");
        String prefix = secret.value().substring(0, PREFIX);
        UUID person = persons.behind(caller.identity().orElseThrow()).orElse(null);
        UUID id = within(project, connection -> {
            UUID made = keys.create(project, name, role, secret, prefix, expires, caller.name(), person)
                    .orElseThrow();
            audit(project, "key.create", made, name);
            return made;
        });
        KeyView view = new KeyView(
                id,
                name,
                secret.value(),
                key.project(),
                role,
                installation,
                key.expires(),
                caller.name(),
                clock.now(),
                null,
                prefix);
        return Response.created(URI.create("/api/keys/" + id)).entity(view).build();
    }

    /** Revokes a key at once. */
    @DELETE
    @Path("{key}")
    @PermitAll
    @Operation(summary = "Revoke an API key")
    @APIResponse(responseCode = "204", description = "It opens nothing any more")
    public void revoke(@PathParam("key") UUID id) {
        if (caller.installationAdmin() && revoked(null, id)) {
            return;
        }
        for (Admission admission : administered()) {
            if (revoked(admission.id(), id)) {
                return;
            }
        }
        throw new Failure.NotFound("There is no key " + id + " that you may revoke.");
    }

    private boolean revoked(@Nullable ProjectId project, UUID id) {
        return within(project, connection -> {
            Optional<String> name = keys.revoke(project, id);
            name.ifPresent(n -> audit(project, "key.revoke", id, n));
            return name.isPresent();
        });
    }

    private List<Admission> administered() {
        return admissions.all(caller.identity().orElseThrow()).stream()
                .filter(a -> a.role().covers(Role.ADMIN))
                .toList();
    }

    private Admission administered(String project) {
        Admission admission = admissions
                .to(caller.identity().orElseThrow(), project)
                .orElseThrow(() ->
                        new Failure.Invalid("project", "There is no project \"" + project + "\" that you may see."));
        if (!admission.role().covers(Role.ADMIN)) {
            throw new ForbiddenException("This needs the role admin in project \"" + project + "\".");
        }
        return admission;
    }

    private <T> T within(@Nullable ProjectId project, Work<T> work) {
        return project == null ? transactions.installation(work) : transactions.in(project, work);
    }

    private void audit(@Nullable ProjectId project, String action, UUID id, String name) {
        changes.fire(new AccessChange(project, null, action, "key " + id, Map.of("name", name)));
    }

    private static KeyView view(Keys.Key key, @Nullable String project) {
        return new KeyView(
                key.id(),
                key.name(),
                null,
                project,
                key.role(),
                project == null,
                // The stored end is the first moment after the last day
                key.expiresAt() == null
                        ? null
                        : key.expiresAt().atOffset(ZoneOffset.UTC).toLocalDate().minusDays(1),
                key.createdBy(),
                key.createdAt(),
                key.lastUsed(),
                key.prefix());
    }
}
