package dev.nightshift.backup.deletion;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Persons;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What one person asked to have deleted, and another one decides. */
@Path("projects/{project}/deletion-requests")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Deletions")
public class DeletionRequestResource {
    @Inject
    private DeletionRequests requests;

    @Inject
    private Decisions decisions;

    @Inject
    private CurrentProject project;

    /** A request for deletion. */
    @Schema(name = "DeletionRequest")
    public record View(
            UUID id,
            String kind,

            @Schema(description = "What is to be done, in a sentence without a full stop")
            String what,

            @Schema(description = "As it was asked for: what approving it does")
            JsonObject asked,

            @Nullable String why,
            String askedBy,

            @Schema(description = "The key that they asked with; null for a login") @Nullable
            String askedWith,

            Instant askedAt,
            Instant until,
            DeletionRequest.State state,
            @Nullable String decidedBy,
            @Nullable Instant decidedAt,
            @Nullable String note,

            @Schema(description = "How many would go, as it was measured when it was asked for")
            long backups,

            long bytes,
            long logBytes,

            @Schema(description = "Backups and logs beyond those of the servers, which are not told one by one")
            long elsewhere,

            List<ServerView> servers,

            @Schema(description = "What it means, in sentences")
            List<String> means,

            @Schema(description = "Whether whoever reads this may approve it")
            boolean mayApprove,

            @Schema(description = "Why not; null if they may, or it does not wait") @Nullable
            String whyNot) {}

    /** What would go of a server. */
    @Schema(name = "DeletionRequestServer")
    public record ServerView(
            String server,
            List<UUID> backups,
            long bytes,
            long logBytes,

            @Schema(
                    description =
                            "What stays restores back to there; null where nothing does, or it is not about a window")
            @Nullable
            Instant windowFrom,

            @Schema(description = "Why nothing goes; null where something may") @Nullable
            String reason) {}

    /** Why it is refused. */
    @Schema(name = "DeletionRefusal", example = "{\"why\":\"the auditors want them\"}")
    public record Refusal(@Nullable String why) {}

    @GET
    @Operation(
            operationId = "deletionRequests",
            summary = "What people asked to have deleted, the newest first",
            description = "With state=waiting those alone that nobody decided yet.")
    public Page<View> list(
            @QueryParam("state") @Nullable String state,
            @QueryParam("after") @Nullable String after,
            @QueryParam("limit") @Nullable String limit) {
        if (state != null && !state.equals("waiting")) {
            throw new Failure.Invalid("state", "waiting, or nothing for all.");
        }
        Optional<UUID> person = requests.person();
        List<Persons.Admin> admins = requests.admins(project.id());
        return requests.list(project.id(), state != null, Page.after(after), Page.size(limit))
                .map(request -> view(request, person, admins));
    }

    @GET
    @Path("{id}")
    @Operation(operationId = "deletionRequest", summary = "A request for deletion")
    @APIResponse(responseCode = "404", description = "The project has no such request")
    public View get(@PathParam("id") String id) {
        return view(found(id));
    }

    @POST
    @Path("{id}/approve")
    @Consumes(MediaType.WILDCARD)
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "approveDeletion",
            summary = "Approve a request for deletion, and have it done",
            description =
                    "What it leads to is judged anew. Where more would go than was shown, or it cannot be done, nothing is"
                            + " done, and the request is over: the answer says why.")
    @APIResponse(responseCode = "403", description = "The caller is not the second person: the answer says why")
    @APIResponse(responseCode = "404", description = "The project has no such request")
    @APIResponse(
            responseCode = "409",
            description = "It does not wait any more, more would go than was shown, or it cannot be done")
    @APIResponse(responseCode = "503", description = "It cannot be done or told at this moment; it goes on waiting")
    public View approve(@PathParam("id") String id) {
        DeletionRequest request = found(id);
        Optional<UUID> person = requests.person();
        requests.whyNot(request, person, requests.admins(project.id())).ifPresent(why -> {
            throw new ForbiddenException(why);
        });
        return view(decisions.approve(project.id(), request, person.orElseThrow()));
    }

    @POST
    @Path("{id}/refuse")
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "refuseDeletion",
            summary = "Refuse a request for deletion",
            description = "Nothing is deleted by that, so any admin may: whoever asked takes it back so.")
    @APIResponse(responseCode = "404", description = "The project has no such request")
    @APIResponse(responseCode = "409", description = "It does not wait any more")
    public View refuse(@PathParam("id") String id, @Nullable Refusal body) {
        String why = body == null ? null : body.why();
        return view(decisions.refuse(project.id(), found(id), why == null || why.isBlank() ? null : why.strip()));
    }

    private DeletionRequest found(String id) {
        UUID known;
        try {
            known = UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            throw new Failure.NotFound("This project has no such deletion request.");
        }
        return requests.get(project.id(), known);
    }

    private View view(DeletionRequest request) {
        return view(request, requests.person(), requests.admins(project.id()));
    }

    private View view(DeletionRequest request, Optional<UUID> person, List<Persons.Admin> admins) {
        boolean waiting = request.state() == DeletionRequest.State.WAITING;
        String whyNot = waiting ? requests.whyNot(request, person, admins).orElse(null) : null;
        Consequences shown = request.shown();
        return new View(
                request.id(),
                request.kind(),
                shown.title(),
                request.asked(),
                request.why(),
                request.askedBy(),
                request.askedWith(),
                request.askedAt(),
                request.until(),
                request.state(),
                request.decidedBy(),
                request.decidedAt(),
                request.note(),
                shown.backups(),
                shown.bytes(),
                shown.logBytes(),
                shown.elsewhere(),
                shown.servers().stream()
                        .map(each -> new ServerView(
                                each.server(),
                                each.backups(),
                                each.bytes(),
                                each.logBytes(),
                                each.windowFrom(),
                                each.reason()))
                        .toList(),
                shown.means(),
                waiting && whyNot == null,
                whyNot);
    }
}
