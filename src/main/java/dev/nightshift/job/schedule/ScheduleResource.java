package dev.nightshift.job.schedule;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Page;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Schedules of a project. */
@Path("projects/{project}/schedules")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Schedules")
public class ScheduleResource {
    @Inject
    private Schedules schedules;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /** A schedule to be; enabled unless said otherwise. */
    @Schema(
            name = "ScheduleRequest",
            example =
                    "{\"name\":\"nightly\",\"job\":\"backup\",\"cron\":\"0 2 * * *\",\"zone\":\"Europe/Vienna\",\"databases\":[\"*\"],"
                            + "\"parameters\":{},\"misfire\":\"ONCE\",\"overlap\":\"SKIP\"}")
    public record NewSchedule(
            @Nullable String name,
            @Nullable String job,

            @Schema(description = "Five fields, or a macro; not beside after") @Nullable
            String cron,

            @Schema(description = "The job whose success starts it; not beside cron") @Nullable
            String after,

            @Nullable String zone,

            @Schema(description = "Names, tag: and a tag, or * for all") @Nullable
            List<String> databases,

            @Nullable JsonObject parameters,
            @Nullable Misfire misfire,
            @Nullable Overlap overlap,

            @Schema(description = "Days left out: 2026-12-24, or 12-24 for every year") @Nullable
            List<String> except,

            @Nullable Boolean enabled) {

        /** What a schedule is to be: what is left out stays. */
        Plan over(Schedule before) {
            boolean sameStart = cron == null && after == null;
            return new Plan(
                    Objects.requireNonNullElse(job, before.job()),
                    sameStart ? before.cron() : cron,
                    sameStart ? before.after() : after,
                    Objects.requireNonNullElse(zone, before.zone()),
                    Objects.requireNonNullElse(databases, List.of(before.databases())),
                    parameters == null ? before.parametersAsJson() : parameters,
                    Objects.requireNonNullElse(misfire, before.misfire()),
                    Objects.requireNonNullElse(overlap, before.overlap()),
                    Objects.requireNonNullElse(except, before.except()),
                    Objects.requireNonNullElse(enabled, before.enabled()));
        }
    }

    /** A schedule with its next five fire times. */
    @Schema(name = "Schedule")
    public record ScheduleView(
            UUID id,
            String name,
            String job,
            @Nullable String cron,
            @Nullable String after,
            String zone,
            List<String> databases,
            JsonObject parameters,
            Misfire misfire,
            Overlap overlap,
            List<String> except,
            boolean enabled,

            @Schema(
                    description =
                            "The backup policy that it belongs to, with which alone it changes and goes; null for none")
            @Nullable
            String policy,

            @Schema(description = "The schedule's own pause; those of project and fleet have addresses of their own")
            @Nullable
            PauseView paused,

            @Schema(description = "Without what a pause, a day left out or a blackout takes away")
            List<Instant> nextFires,

            @Nullable LastRunView lastRun) {}

    /** The newest run that a schedule started. */
    @Schema(name = "ScheduleLastRun")
    public record LastRunView(UUID id, String status, Instant at) {
        /** Null if it never started one. */
        public static @Nullable LastRunView of(Schedules.Planned planned) {
            return planned.lastRun()
                    .map(run -> new LastRunView(run.id(), run.status(), run.at()))
                    .orElse(null);
        }
    }

    @GET
    @Operation(summary = "The project's schedules")
    public Page<ScheduleView> list() {
        return new Page<>(schedules.all(project.id()).stream().map(this::view).toList(), null);
    }

    @POST
    @Operation(summary = "Plan a schedule")
    @APIResponse(
            responseCode = "201",
            description = "The schedule",
            content = @Content(schema = @Schema(implementation = ScheduleView.class)))
    @APIResponse(responseCode = "409", description = "The name is taken")
    public Response add(@Nullable NewSchedule body, @Context UriInfo uri) {
        NewSchedule asked = Asked.body(body);
        var plan = new Plan(
                required("job", asked.job()),
                asked.cron(),
                asked.after(),
                required("zone", asked.zone()),
                Objects.requireNonNullElse(asked.databases(), List.of()),
                Objects.requireNonNullElse(asked.parameters(), JsonValue.EMPTY_JSON_OBJECT),
                Objects.requireNonNullElse(asked.misfire(), Misfire.ONCE),
                Objects.requireNonNullElse(asked.overlap(), Overlap.SKIP),
                Objects.requireNonNullElse(asked.except(), List.of()),
                !Boolean.FALSE.equals(asked.enabled()));
        var name = new Name(required("name", asked.name()));
        audited("schedule.add", name.value(), plan.details(), () -> schedules.add(project.id(), name, plan));
        return Response.created(uri.getAbsolutePathBuilder().path(name.value()).build())
                .entity(get(name.value()))
                .build();
    }

    @GET
    @Path("{schedule}")
    @Operation(summary = "A schedule")
    public ScheduleView get(@PathParam("schedule") String name) {
        return view(schedules.named(project.id(), name));
    }

    @PUT
    @Path("{schedule}")
    @Operation(
            summary = "Change a schedule",
            description =
                    "What is left out stays; the name never changes. That it is switched off, and nothing else, is"
                            + " never refused but for a policy's.")
    @APIResponse(responseCode = "409", description = "It belongs to a policy: change that")
    public ScheduleView change(@PathParam("schedule") String name, @Nullable NewSchedule body) {
        NewSchedule asked = Asked.body(body);
        Asked.sameName("name", asked.name(), get(name).name());
        transactions.run(project.id(), connection -> {
            Plan plan = schedules.change(project.id(), name, asked::over);
            audit.record(project.id(), "schedule.change", "schedule " + name, plan.details());
        });
        return get(name);
    }

    @DELETE
    @Path("{schedule}")
    @Operation(summary = "Delete a schedule", description = "Pass its name as confirm. Its runs stay.")
    @APIResponse(responseCode = "204", description = "It fires no more")
    @APIResponse(responseCode = "409", description = "It belongs to a policy: change that")
    public Response delete(@PathParam("schedule") String name, @QueryParam("confirm") @Nullable String confirm) {
        Asked.confirmed(confirm, get(name).name());
        audited("schedule.delete", name, Map.of(), () -> schedules.delete(project.id(), name));
        return Response.noContent().build();
    }

    @POST
    @Path("{schedule}/pause")
    @Operation(
            summary = "Pause a schedule",
            description = "Until when, null for until it is resumed, and why. What would have fired is left out.")
    public ScheduleView pause(@PathParam("schedule") String name, @Nullable NewPause body) {
        NewPause asked = Asked.body(body);
        Instant until = Asked.time("until", asked.until());
        audited(
                "schedule.pause",
                get(name).name(),
                asked.details(),
                () -> schedules.pause(project.id(), name, until, caller.name(), asked.why()));
        return get(name);
    }

    @POST
    @Path("{schedule}/resume")
    @Operation(summary = "Resume a schedule", description = "It goes on with its next time.")
    @APIResponse(responseCode = "409", description = "It is not paused")
    public ScheduleView resume(@PathParam("schedule") String name) {
        audited("schedule.resume", get(name).name(), Map.of(), () -> schedules.resume(project.id(), name));
        return get(name);
    }

    /** The change and the word of it: both or neither. */
    private void audited(String action, String name, Map<String, ?> details, Runnable change) {
        transactions.run(project.id(), connection -> {
            change.run();
            audit.record(project.id(), action, "schedule " + name, details);
        });
    }

    private static String required(String field, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new Failure.Invalid(field, "This field is needed.");
        }
        return value;
    }

    private ScheduleView view(Schedules.Planned planned) {
        Schedule schedule = planned.schedule();
        return new ScheduleView(
                schedule.id(),
                schedule.name(),
                schedule.job(),
                schedule.cron(),
                schedule.after(),
                schedule.zone(),
                List.of(schedule.databases()),
                schedule.parametersAsJson(),
                schedule.misfire(),
                schedule.overlap(),
                schedule.except(),
                schedule.enabled(),
                schedule.policy(),
                schedule.pause()
                        .filter(pause -> pause.covers(clock.now()))
                        .map(PauseView::of)
                        .orElse(null),
                planned.nextFires(),
                LastRunView.of(planned));
    }
}
