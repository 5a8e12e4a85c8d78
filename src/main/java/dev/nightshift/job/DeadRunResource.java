package dev.nightshift.job;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** A person's word that nothing works on a run any more. */
@Path("projects/{project}/runs/{id}/declare-dead")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Runs")
public class DeadRunResource {
    private static final int LONGEST_WHY = 500;

    @Inject
    private Runs runs;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    @Inject
    private Transactions transactions;

    /** Why a run is declared dead. */
    @Schema(name = "RunDeath", example = "{\"why\":\"The machine of night-2 was taken away.\"}")
    public record Death(@Nullable String why) {}

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(
            summary = "Declare a run dead",
            description =
                    "For one that its node neither works on nor ends. Whatever still works on it is refused from now on;"
                            + " it is LOST and does not start again by itself.")
    @APIResponse(
            responseCode = "200",
            description = "Lost",
            content = @Content(schema = @Schema(implementation = RunResource.RunView.class)))
    @APIResponse(responseCode = "409", description = "It is not under way")
    public RunResource.RunView declareDead(@PathParam("id") String id, @Nullable Death body) {
        ProjectId in = project.id();
        UUID run = runs.get(in, RunResource.known(id)).id();
        String why = checked(Asked.body(body).why());
        return RunResource.view(transactions.in(in, connection -> {
            Run dead = runs.declareDead(in, run, caller.name(), why);
            audit.record(
                    in,
                    "run.declare-dead",
                    "run " + run,
                    Map.of("job", dead.job(), "attempt", dead.attempt(), "why", why));
            return dead;
        }));
    }

    private static String checked(@Nullable String why) {
        String words = why == null ? "" : why.strip();
        if (words.isEmpty() || words.length() > LONGEST_WHY) {
            throw new Failure.Invalid("why", "Say why, in at most " + LONGEST_WHY + " characters.");
        }
        return words;
    }
}
