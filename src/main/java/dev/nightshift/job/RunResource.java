package dev.nightshift.job;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Runs: start, look, follow, stop, restart. */
@Path("projects/{project}/runs")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Runs")
public class RunResource {
    /** A log is read by the screen rather than by the row. */
    private static final int USUAL_LINES = 200;

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

    /** What to run, on what. */
    @Schema(name = "RunRequest", example = "{\"job\":\"backup\",\"databases\":[\"demo\"],\"parameters\":{}}")
    public record NewRun(
            @Nullable String job,
            @Nullable List<String> databases,

            @Schema(description = RunExamples.PARAMETERS) @Nullable
            JsonObject parameters) {}

    /** A run as the ledger has it; durations in milliseconds. */
    @Schema(name = "Run")
    public record RunView(
            UUID id,
            String job,
            RunStatus status,
            @Nullable String reason,
            RunRequest.Trigger trigger,
            String triggeredBy,
            @Nullable String schedule,
            JsonObject parameters,
            Instant createdAt,
            @Nullable Instant startedAt,
            @Nullable Instant endedAt,
            @Nullable Long durationMillis,

            @Schema(
                    description =
                            "Half of the last 20 completed runs of the job over the same targets were shorter; null"
                                    + " below five")
            @Nullable
            Long usualMillis,

            @Schema(description = "95 of 100 were shorter") @Nullable
            Long usualP95Millis,

            int attempt,
            @Nullable String node,
            @Nullable Double progress,

            @Schema(description = "Lines that the log lacks, because it has as many as a run may have")
            long logLinesDropped,

            List<RunAttempt> attempts,
            List<TargetView> targets) {}

    /** One instance or database of a run; neither where the project is its target. */
    @Schema(name = "RunTarget")
    public record TargetView(
            UUID id,
            @Nullable String instance,
            @Nullable String database,
            List<String> databases,
            TargetStatus status,
            @Nullable String reason,
            @Nullable String remedy,
            int attempt,
            @Nullable String node,
            @Nullable Instant startedAt,
            @Nullable Instant endedAt,
            @Nullable Long durationMillis,

            @Schema(description = "Half of the last 20 times that the job was done here were shorter; null below five")
            @Nullable
            Long usualMillis,

            @Schema(description = "95 of 100 were shorter") @Nullable
            Long usualP95Millis,

            @Nullable ProgressView progress,
            List<StepView> steps,
            JsonObject figures) {}

    /** How far the current step is; the estimate assumes that it goes on as fast as so far. */
    @Schema(name = "RunProgress")
    public record ProgressView(
            long done,
            @Nullable Long total,
            String unit,
            @Nullable Long etaMillis,
            @Nullable String text) {}

    /** One step of a target. */
    @Schema(name = "RunStep")
    public record StepView(
            String name,
            TargetStatus status,
            @Nullable Instant startedAt,
            @Nullable Instant endedAt,
            @Nullable Long durationMillis,
            @Nullable String figure,
            @Nullable String reason) {}

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(summary = "Start a run", description = "Answers at once with the run's URL; follow it there.")
    @RequestBody(
            content =
                    @Content(
                            examples = {
                                @ExampleObject(name = "backup", value = RunExamples.BACKUP),
                                @ExampleObject(name = "restore", value = RunExamples.RESTORE)
                            }))
    @APIResponse(
            responseCode = "202",
            description = "Queued",
            content = @Content(schema = @Schema(implementation = RunView.class)))
    public Response start(@Nullable NewRun body, @Context UriInfo uri) {
        NewRun asked = Asked.body(body);
        String job = asked.job();
        if (job == null) {
            throw new Failure.Invalid("job", "Name the job to run.");
        }
        ProjectId id = project.id();
        var parameters = asked.parameters();
        var databases = asked.databases();
        var request = new RunRequest(
                job,
                databases == null ? List.of() : databases,
                parameters == null ? JsonValue.EMPTY_JSON_OBJECT : parameters,
                caller.kind() == Caller.Kind.PERSON ? RunRequest.Trigger.PERSON : RunRequest.Trigger.KEY,
                caller.name(),
                null,
                null);
        runs.review(id, request);
        UUID run = transactions.in(id, connection -> {
            UUID queued = runs.request(id, request);
            audit.record(
                    id, "run.start", "run " + queued, Map.of("job", request.job(), "databases", request.databases()));
            return queued;
        });
        return Response.accepted(view(runs.get(id, run)))
                .location(uri.getAbsolutePathBuilder().path(run.toString()).build())
                .build();
    }

    @GET
    @Operation(summary = "Runs, newest first")
    public Page<RunItem> list(
            @BeanParam RunBulkResource.RunQuery query,
            @QueryParam("after") @Nullable String after,
            @QueryParam("limit") @Nullable String limit) {
        return runs.list(project.id(), query.filter(), Page.after(after), Page.size(limit))
                .map(RunItem::of);
    }

    @GET
    @Path("{id}")
    @Operation(summary = "A run with its targets and steps")
    public RunView get(@PathParam("id") String id) {
        return view(runs.get(project.id(), known(id)));
    }

    @GET
    @Path("{id}/log")
    @Operation(
            summary = "The lines of a run's log, oldest first",
            description = "Pass the last seq as after to follow.")
    public Page<Run.LogLine> log(
            @PathParam("id") String id,
            @QueryParam("target") @Nullable String target,
            @Parameter(description = "Lines with this text in them, in small or capital letters")
                    @QueryParam("q")
                    @Nullable
                    String words,
            @Parameter(description = "Lines of this weight or a graver one")
                    @Schema(implementation = Run.Level.class)
                    @QueryParam("level")
                    @Nullable
                    String level,
            @Schema(type = SchemaType.INTEGER, defaultValue = "0") @QueryParam("after") @Nullable String after,
            @Schema(defaultValue = "" + USUAL_LINES) @QueryParam("limit") @Nullable String limit) {
        return runs.log(
                project.id(),
                known(id),
                new RunLog.Asked(
                        target == null ? null : target(target),
                        words == null || words.isEmpty() ? null : words,
                        Asked.word("level", level, Run.Level.class)),
                Page.afterNumber(after),
                Page.size(limit, USUAL_LINES));
    }

    @POST
    @Path("{id}/stop")
    @Operation(summary = "Stop a run", description = "Cancels what its targets are doing; what is done stays done.")
    @APIResponse(
            responseCode = "202",
            description = "Stopping",
            content = @Content(schema = @Schema(implementation = RunView.class)))
    @APIResponse(responseCode = "409", description = "It is over, or stopping already")
    public Response stop(@PathParam("id") String id) {
        Run run = audited("run.stop", () -> runs.stop(project.id(), known(id)));
        return Response.accepted(view(run)).build();
    }

    @POST
    @Path("{id}/restart")
    @Operation(summary = "Restart a run", description = "Same run, same parameters, its unfinished targets only.")
    @APIResponse(
            responseCode = "202",
            description = "Queued again",
            content = @Content(schema = @Schema(implementation = RunView.class)))
    @APIResponse(responseCode = "409", description = "Nothing is left to restart")
    public Response restart(@PathParam("id") String id) {
        Run run = audited("run.restart", () -> runs.restart(project.id(), known(id), caller.name()));
        return Response.accepted(view(run)).build();
    }

    /** The change and the word of it: both or neither. */
    private Run audited(String action, Supplier<Run> change) {
        return transactions.in(project.id(), connection -> {
            Run run = change.get();
            audit.record(project.id(), action, "run " + run.id(), Map.of("job", run.job(), "attempt", run.attempt()));
            return run;
        });
    }

    static UUID known(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            throw new Failure.NotFound("This project has no such run.");
        }
    }

    private static UUID target(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            throw new Failure.Invalid("target", "The id of one of the run's targets is expected.");
        }
    }

    static RunView view(Run run) {
        return new RunView(
                run.id(),
                run.job(),
                run.status(),
                run.reason(),
                run.trigger(),
                run.triggeredBy(),
                run.schedule(),
                run.parameters(),
                run.createdAt(),
                run.startedAt(),
                run.endedAt(),
                millis(run.startedAt(), run.endedAt()),
                Usual.halfOf(run.usual()),
                Usual.mostOf(run.usual()),
                run.attempt(),
                run.node(),
                progress(run),
                run.linesDropped(),
                run.attempts(),
                run.targets().stream().map(RunResource::view).toList());
    }

    private static TargetView view(Run.Target target) {
        return new TargetView(
                target.id(),
                target.instance(),
                target.database(),
                target.databaseNames(),
                target.status(),
                target.reason(),
                target.remedy(),
                target.attempt(),
                target.node(),
                target.startedAt(),
                target.endedAt(),
                millis(target.startedAt(), target.endedAt()),
                Usual.halfOf(target.usual()),
                Usual.mostOf(target.usual()),
                progress(target),
                target.steps().stream()
                        .map(step -> new StepView(
                                step.name(),
                                step.status(),
                                step.startedAt(),
                                step.endedAt(),
                                millis(step.startedAt(), step.endedAt()),
                                step.figure(),
                                step.reason()))
                        .toList(),
                target.figures());
    }

    private static @Nullable ProgressView progress(Run.Target target) {
        Run.Progress progress = target.progress();
        if (progress == null || target.status() != TargetStatus.STARTED) {
            return null;
        }
        Instant began = target.steps().stream()
                .filter(step -> step.status() == TargetStatus.STARTED)
                .map(Run.Step::startedAt)
                .findFirst()
                .orElse(null);
        Long total = progress.total();
        Long eta = null;
        if (began != null && total != null && progress.done() > 0 && total > progress.done()) {
            double perUnit = (double) Duration.between(began, progress.at()).toMillis() / progress.done();
            eta = Math.round(perUnit * (total - progress.done()));
        }
        return new ProgressView(progress.done(), total, progress.unit(), eta, progress.text());
    }

    /** Share of steps that are over, the running one by its own progress; null while nothing is known. */
    private static @Nullable Double progress(Run run) {
        double done = 0;
        int steps = 0;
        for (Run.Target target : run.targets()) {
            for (Run.Step step : target.steps()) {
                steps++;
                if (step.status() == TargetStatus.STARTED) {
                    Run.Progress progress = target.progress();
                    Long total = progress == null ? null : progress.total();
                    done += progress != null && total != null && total > 0
                            ? Math.min(1.0, (double) progress.done() / total)
                            : 0;
                } else if (step.status() != TargetStatus.WAITING) {
                    done++;
                }
            }
        }
        return steps == 0 ? null : done / steps;
    }

    static @Nullable Long millis(@Nullable Instant from, @Nullable Instant to) {
        return from == null || to == null ? null : Duration.between(from, to).toMillis();
    }
}
