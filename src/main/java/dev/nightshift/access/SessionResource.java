package dev.nightshift.access;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.tenancy.Transactions;
import jakarta.annotation.security.PermitAll;
import jakarta.enterprise.context.RequestScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The logins that are open: everybody's own, and all of them for an installation admin. */
@Path("sessions")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Access")
public class SessionResource {
    @Inject
    private Sessions sessions;

    @Inject
    private People people;

    @Inject
    private Transactions transactions;

    @Inject
    private Caller caller;

    @Inject
    private Event<AccessChange> changes;

    /**
     * A login that is open.
     *
     * @param from the network address that logged in
     * @param agent what the browser called itself at the login
     * @param lastSeen to the minute
     * @param expires when it ends unless it is used before
     * @param current whether this request came with it
     */
    public record SessionView(
            UUID id,
            String person,
            String from,
            @Nullable String agent,
            Instant createdAt,
            Instant lastSeen,
            Instant expires,
            boolean current) {}

    /** The newest 500 at most: there is one for each browser that a person logged in with during the last days. */
    @GET
    @Operation(
            summary = "The sessions that are open, the one used last first",
            description = "One's own. An installation admin names another person, or * for everybody.")
    public Page<SessionView> open(@QueryParam("person") @Nullable String person) {
        Identity who = caller.identity().orElseThrow();
        UUID current = who.session();
        return new Page<>(
                sessions.open(whose(who, person), Page.MAX).stream()
                        .map(session -> view(session, current))
                        .toList(),
                null);
    }

    static SessionView view(Sessions.Session session, @Nullable UUID current) {
        return new SessionView(
                session.id(),
                session.person(),
                session.address(),
                session.agent(),
                session.createdAt(),
                session.lastSeen(),
                session.expiresAt(),
                session.id().equals(current));
    }

    private @Nullable UUID whose(Identity who, @Nullable String person) {
        if (person == null || person.isBlank()) {
            return who.id();
        }
        if (who.kind() == Caller.Kind.PERSON && person.equals(who.name())) {
            return who.id();
        }
        if (!who.installationAdmin()) {
            throw new ForbiddenException("The sessions of others are shown to installation admins.");
        }
        return person.equals("*") ? null : people.get(person).id();
    }

    /** Ends a session at once, the live feed of its pages within ten seconds. */
    @DELETE
    @Path("{session}")
    @PermitAll
    @Operation(summary = "End a session")
    @APIResponse(responseCode = "204", description = "Its cookie opens nothing any more")
    public void end(@PathParam("session") UUID session) {
        Identity who = caller.identity().orElseThrow();
        transactions.installation(connection -> {
            String person = sessions.close(session, who.installationAdmin() ? null : who.id())
                    .orElseThrow(() -> new Failure.NotFound("There is no session " + session + " that you may end."));
            changes.fire(new AccessChange(
                    null, null, "session.end", "person " + person, Map.of("session", session.toString())));
            return true;
        });
    }

    /** Ends all of one's own sessions but the one that asks. */
    @DELETE
    @PermitAll
    @Operation(summary = "End all other sessions of one's own")
    @APIResponse(responseCode = "204", description = "Only the session that asked is open")
    public void endOthers() {
        Identity who = caller.identity().orElseThrow();
        if (who.kind() != Caller.Kind.PERSON) {
            throw new ForbiddenException("An API key has no sessions.");
        }
        transactions.installation(connection -> {
            int ended = sessions.closeAll(who.id(), who.session());
            changes.fire(
                    new AccessChange(null, null, "session.endOthers", "person " + who.name(), Map.of("ended", ended)));
            return true;
        });
    }
}
