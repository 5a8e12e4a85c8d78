package dev.nightshift.job;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** All runs of a filter at once. */
@Path("projects/{project}/runs")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Runs")
public class RunBulkResource {
    private static final Set<String> KNOWN =
            Set.of("job", "status", "database", "trigger", "schedule", "from", "to", "after");

    @Inject
    private RunsInBulk runs;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    /** A filter over runs as it stands in an address: the list, and what is done to all runs of it, are asked with the same. */
    public static class RunQuery {
        @QueryParam("job")
        @Nullable
        String job;

        @Parameter(description = "One or more, repeated or separated by commas")
        @Schema(type = SchemaType.ARRAY, implementation = RunStatus.class)
        @QueryParam("status")
        @Nullable
        List<String> status;

        @QueryParam("database")
        @Nullable
        String database;

        @Schema(type = SchemaType.STRING, implementation = RunRequest.Trigger.class)
        @QueryParam("trigger")
        @Nullable
        String trigger;

        @Parameter(description = "The name of a schedule")
        @QueryParam("schedule")
        @Nullable
        String schedule;

        @Parameter(description = "Made at this time or later")
        @QueryParam("from")
        @Nullable
        String from;

        @Parameter(description = "Made before this time")
        @QueryParam("to")
        @Nullable
        String to;

        /**
         * What is asked for.
         *
         * @throws Failure.Invalid if a part of it is not right, naming it
         */
        RunFilter filter() {
            Instant since = Asked.time("from", from);
            Instant before = Asked.time("to", to);
            if (since != null && before != null && !since.isBefore(before)) {
                throw new Failure.Invalid("to", "The time \"to\" lies after \"from\".");
            }
            return new RunFilter(
                    text(job),
                    statuses(),
                    text(database),
                    Asked.word("trigger", trigger, RunRequest.Trigger.class),
                    text(schedule),
                    since,
                    before);
        }

        private Set<RunStatus> statuses() {
            Set<RunStatus> all = EnumSet.noneOf(RunStatus.class);
            for (String each : status == null ? List.<String>of() : status) {
                for (String word : each.split(",", -1)) {
                    RunStatus asked = Asked.word("status", word.strip(), RunStatus.class);
                    if (asked != null) {
                        all.add(asked);
                    }
                }
            }
            return all;
        }

        /** {@code ?job=} asks for nothing, as it does where words are expected. */
        private static @Nullable String text(@Nullable String asked) {
            return asked == null || asked.isBlank() ? null : asked;
        }
    }

    /** What came of it. */
    @Schema(name = "RunsChanged")
    public record Changed(
            @Schema(description = "How many runs of the filter were looked at; 1,000 at most")
            int matched,

            int done,
            List<RefusedRun> refused,

            @Schema(description = "Whether more runs fit than one call takes")
            boolean more,

            @Schema(description = "To pass as after, where more runs fit") @Nullable
            UUID next) {}

    /** A run that was let be, and why. */
    @Schema(name = "RunRefused")
    public record RefusedRun(UUID id, String why) {}

    @POST
    @Path("stop")
    @Needs(Role.OPERATOR)
    @Operation(
            operationId = "stopRuns",
            summary = "Stop all runs of a filter",
            description = "At least one filter is needed. Without a status, all that are not over are meant.")
    @APIResponse(responseCode = "400", description = "No filter, or a wrong one")
    public Changed stop(@BeanParam RunQuery query, @QueryParam("after") @Nullable String after, @Context UriInfo uri) {
        refuseUnknown(uri);
        return changed(runs.stop(project.id(), query.filter(), Page.after(after)));
    }

    @POST
    @Path("restart")
    @Needs(Role.OPERATOR)
    @Operation(
            operationId = "restartRuns",
            summary = "Restart all runs of a filter",
            description =
                    "At least one filter is needed. Without a status, all that can be restarted are meant, but those that were left out (SKIPPED).")
    @APIResponse(responseCode = "400", description = "No filter, or a wrong one")
    public Changed restart(
            @BeanParam RunQuery query, @QueryParam("after") @Nullable String after, @Context UriInfo uri) {
        refuseUnknown(uri);
        return changed(runs.restart(project.id(), query.filter(), Page.after(after), caller.name()));
    }

    /** A condition that is not understood would be left out, and more runs meant than whoever asked had in mind. */
    private static void refuseUnknown(UriInfo uri) {
        for (String name : uri.getQueryParameters().keySet()) {
            if (!KNOWN.contains(name)) {
                throw new Failure.Invalid(
                        name, "This is no filter of runs; there are " + String.join(", ", new TreeSet<>(KNOWN)) + ".");
            }
        }
    }

    private static Changed changed(RunsInBulk.Outcome outcome) {
        return new Changed(
                outcome.matched(),
                outcome.done(),
                outcome.refused().stream()
                        .map(each -> new RefusedRun(each.id(), each.why()))
                        .toList(),
                outcome.next() != null,
                outcome.next());
    }
}
