package dev.nightshift.backup.deletion;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Whether two people delete in a project. */
@Path("projects/{project}/two-person-deletion")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Deletions")
public class TwoPersonResource {
    /** One who asks and one who approves. */
    private static final int FEWEST = 2;

    @Inject
    private DeletionRequests requests;

    @Inject
    private DeletionRequestRepository repository;

    @Inject
    private Transactions transactions;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    @Inject
    private Clock clock;

    /** Whether it is on, and what it is about. */
    @Schema(name = "TwoPersonDeletion")
    public record View(
            boolean on,
            @Nullable String by,
            @Nullable Instant since,

            @Schema(description = "What two people do where it is on")
            List<String> covers,

            @Schema(description = "How many people may do these things here: one asks, another approves")
            int admins,

            @Schema(
                    description =
                            "For how many hours a request waits, and a login has to be what it is before it approves")
            long hours) {}

    /** Switches it. */
    @Schema(name = "TwoPersonDeletionRequest", example = "{\"on\":true}")
    public record Body(@Nullable Boolean on) {}

    @GET
    @Operation(
            operationId = "twoPersonDeletion",
            summary = "Whether two people delete in the project, and what that covers")
    public View get() {
        DeletionRequestRepository.Switch on = requests.on(project.id()).orElse(null);
        return new View(
                on != null,
                on == null ? null : on.by(),
                on == null ? null : on.at(),
                requests.covers(),
                requests.admins(project.id()).size(),
                DeletionRequests.LASTS.toHours());
    }

    @PUT
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "switchTwoPersonDeletion",
            summary = "Have two people delete in the project, or one again",
            description =
                    "One person switches it on. Switching it off is a deletion of its own: another person approves it.")
    @APIResponse(
            responseCode = "409",
            description = "There are not two people who could, or switching it off waits for another person")
    public View put(@Nullable Body body) {
        Boolean wanted = Asked.body(body).on();
        if (wanted == null) {
            throw new Failure.Invalid("on", "true or false is expected.");
        }
        if (wanted) {
            switchOn();
        } else {
            // Where it is off there is nothing to switch off
            requests.require(project.id(), SwitchOff.KIND, JsonValue.EMPTY_JSON_OBJECT);
        }
        return get();
    }

    private void switchOn() {
        int admins = requests.admins(project.id()).size();
        if (admins < FEWEST) {
            throw new Failure.Conflict(
                    "Only " + admins + " person may do everything in this project, so that nobody could approve.",
                    "Make somebody else an admin of the project first.");
        }
        transactions.run(project.id(), connection -> {
            if (repository.switchOn(connection, project.id(), caller.name(), clock.now())) {
                audit.record(project.id(), "two-person-deletion.on", "project " + project.name(), Map.of());
            }
        });
    }
}
