package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.backup.policy.Answering;
import dev.nightshift.backup.policy.Goal;
import dev.nightshift.backup.policy.Judgement;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.backup.policy.Scheduled;
import dev.nightshift.backup.policy.Work;
import dev.nightshift.job.schedule.PolicySchedules;
import dev.nightshift.job.schedule.ScheduleResource;
import dev.nightshift.job.schedule.Schedules;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
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
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What is wanted of the backups of a project's servers, and what was measured. */
@Path("projects/{project}/policies")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Policies")
public class PolicyResource {
    @Inject
    private Policies policies;

    @Inject
    private PolicyGoals goals;

    @Inject
    private PolicyChanges changes;

    @Inject
    private PolicySchedules schedules;

    @Inject
    private CurrentProject project;

    @Inject
    private Clock clock;

    /** How many goals of how many instances are met. */
    @Schema(name = "PolicyCounts")
    public record CountsView(int instances, long met, long missed, long unknown) {}

    /** A policy with its measured state in figures. */
    @Schema(name = "Policy")
    public record PolicyView(
            String name,
            String description,
            List<String> databases,
            PolicyBody.GoalsView goals,
            PolicyBody.KeepView keep,
            List<ScheduledView> schedules,
            List<String> stores,
            CountsView counts) {}

    /** What a policy has done at times, by a schedule that belongs to it. */
    @Schema(name = "PolicySchedule")
    public record ScheduledView(
            @Schema(description = "Tells it from the policy's others")
            String name,

            Work work,
            String cron,
            String zone,
            List<String> except,

            @Schema(description = "Of a drill, the store that it reads, or each-store; null where that is not said")
            @Nullable
            String from,

            @Schema(description = "Of a drill, the recovery kit's path; null for the project's keys") @Nullable
            String kit,

            @Schema(description = "The path of the file with the kit's passphrase") @Nullable
            String passphraseFile,

            @Schema(description = "Of a backup, the kilobytes a second that it takes at most; null for no limit")
            @Nullable
            Integer rateLimitKilobytesPerSecond,

            @Schema(description = "The schedule that does it")
            String schedule,

            @Schema(description = "Without what a pause, a day left out or a blackout takes away; null for none")
            @Nullable
            Instant nextFire,

            @Schema(description = "Whether the schedule itself is paused")
            boolean paused,

            ScheduleResource.@Nullable LastRunView lastRun) {}

    /** A policy with its measured state. */
    @Schema(name = "PolicyDetails")
    public record DetailsView(PolicyView policy, List<InstanceView> instances, List<ElsewhereView> answeredElsewhere) {}

    /** An instance for which the policy answers. */
    @Schema(name = "PolicyInstance")
    public record InstanceView(
            String instance,
            List<GoalView> goals,

            @Schema(description = "The policy that would answer for it if this one were deleted; null for none")
            @Nullable
            String next) {}

    /** Who answers for the instances of a policy that is deleted. */
    @Schema(name = "PolicyDeleted")
    public record DeletedView(List<NextView> instances) {}

    /** Who answers for an instance from now on. */
    @Schema(name = "PolicyNext")
    public record NextView(
            String instance,

            @Schema(description = "By which expiry goes then; null for none: expiry by policy skips it") @Nullable
            String policy) {}

    /** An instance that the policy means, and another answers for. */
    @Schema(name = "PolicyElsewhere")
    public record ElsewhereView(String instance, String policy) {}

    /** A goal held against what was measured. */
    @Schema(name = "PolicyGoal")
    public record GoalView(
            Goal goal,

            Goal.Unit unit,

            @Schema(description = "In SECONDS the most that is allowed, in STORES the fewest")
            long wanted,

            @Schema(description = "Null where nothing was measured") @Nullable
            Long measured,

            @Nullable Instant measuredAt,
            Judgement.State state,
            String reason) {
        static GoalView of(Judgement judgement) {
            return new GoalView(
                    judgement.goal(),
                    judgement.goal().unit(),
                    judgement.wanted(),
                    judgement.measured(),
                    judgement.at(),
                    judgement.state(),
                    judgement.reason());
        }
    }

    @GET
    @Operation(
            operationId = "policies",
            summary = "The project's backup policies, with their measured state in figures")
    public Page<PolicyView> list() {
        PolicyGoals.Seen seen = goals.look(project.id());
        Map<String, Schedules.Planned> planned = schedules.all(project.id());
        return new Page<>(
                seen.policies().stream()
                        .map(policy -> view(seen, policy, planned))
                        .toList(),
                null);
    }

    @POST
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "addPolicy",
            summary = "Add a backup policy",
            description = "It deletes nothing: the job expire does, where it is told to go by the policies, and of the"
                    + " instances that this one answers for from now on it goes by this one. What it has done at times is"
                    + " made with it, as schedules of their own.")
    @APIResponse(
            responseCode = "201",
            description = "The policy",
            content = @Content(schema = @Schema(implementation = DetailsView.class)))
    @APIResponse(responseCode = "409", description = "The name is taken")
    public Response add(@Nullable PolicyBody body, @Context UriInfo uri) {
        String name = changes.add(project.id(), Asked.body(body));
        return Response.created(uri.getAbsolutePathBuilder().path(name).build())
                .entity(get(name))
                .build();
    }

    @GET
    @Path("{policy}")
    @Operation(
            operationId = "policy",
            summary = "A backup policy: of each instance what is wanted and what was measured")
    @APIResponse(responseCode = "404", description = "There is no such policy")
    public DetailsView get(@PathParam("policy") String name) {
        PolicyGoals.Seen seen = goals.look(project.id());
        Policy policy = seen.policies().stream()
                .filter(each -> each.name().value().equals(name))
                .findFirst()
                .orElseThrow(() -> new Failure.NotFound("There is no policy \"" + name + "\"."));
        Answering without = policies.answeringWithout(project.id(), policy.name());
        return new DetailsView(
                view(seen, policy, schedules.all(project.id())),
                seen.of(policy).stream()
                        .map(judged -> new InstanceView(
                                judged.server().name(),
                                judged.goals().stream().map(GoalView::of).toList(),
                                name(without, judged.server())))
                        .toList(),
                elsewhere(seen.answering(), policy));
    }

    @PUT
    @Path("{policy}")
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "changePolicy",
            summary = "Change a backup policy",
            description = "What is left out stays, goals, keep, schedules and stores each as a whole; the name never"
                    + " changes. Its schedules change with it.")
    @APIResponse(responseCode = "404", description = "There is no such policy")
    public DetailsView change(@PathParam("policy") String name, @Nullable PolicyBody body) {
        PolicyBody asked = Asked.body(body);
        policies.named(project.id(), name);
        Asked.sameName("name", asked.name(), name);
        changes.change(project.id(), name, asked);
        return get(name);
    }

    @DELETE
    @Path("{policy}")
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "deletePolicy",
            summary = "Delete a backup policy",
            description =
                    "Pass its name as confirm. Expiry by policy then goes by the policy that answers for an instance"
                            + " next, or skips it, as the answer says; findings about its goals are closed, and its"
                            + " schedules deleted.")
    public DeletedView delete(@PathParam("policy") String name, @QueryParam("confirm") @Nullable String confirm) {
        policies.named(project.id(), name);
        Asked.confirmed(confirm, name);
        List<Answering.Server> servers = changes.delete(project.id(), name);
        Answering after = policies.answering(project.id());
        return new DeletedView(servers.stream()
                .map(server -> new NextView(server.name(), name(after, server)))
                .toList());
    }

    private static @Nullable String name(Answering answering, Answering.Server server) {
        return answering.policyOf(server.id()).map(of -> of.name().value()).orElse(null);
    }

    private PolicyView view(PolicyGoals.Seen seen, Policy policy, Map<String, Schedules.Planned> planned) {
        List<PolicyGoals.Judged> judged = seen.of(policy);
        return new PolicyView(
                policy.name().value(),
                policy.description(),
                policy.databases(),
                PolicyBody.GoalsView.of(policy.goals()),
                PolicyBody.KeepView.of(policy.keep()),
                policy.schedules().stream()
                        .map(each -> view(each, policy, planned.get(each.schedule(policy))))
                        .toList(),
                policy.stores(),
                new CountsView(
                        judged.size(),
                        count(judged, Judgement.State.MET),
                        count(judged, Judgement.State.MISSED),
                        count(judged, Judgement.State.UNKNOWN)));
    }

    private ScheduledView view(Scheduled of, Policy policy, Schedules.@Nullable Planned planned) {
        return new ScheduledView(
                of.name(),
                of.work(),
                of.cron(),
                of.zone(),
                of.except(),
                of.from(),
                of.kit(),
                of.passphraseFile(),
                of.rateLimitKilobytesPerSecond(),
                of.schedule(policy),
                planned == null || planned.nextFires().isEmpty()
                        ? null
                        : planned.nextFires().get(0),
                planned != null && planned.schedule().isPausedAt(clock.now()),
                planned == null ? null : ScheduleResource.LastRunView.of(planned));
    }

    private static long count(List<PolicyGoals.Judged> judged, Judgement.State state) {
        return judged.stream()
                .flatMap(each -> each.goals().stream())
                .filter(goal -> goal.state() == state)
                .count();
    }

    /** The servers that it means, and another answers for. */
    static List<ElsewhereView> elsewhere(Answering answering, Policy policy) {
        return answering.meant(policy).stream()
                .flatMap(server -> elsewhere(answering, policy, server).stream())
                .toList();
    }

    private static Optional<ElsewhereView> elsewhere(Answering answering, Policy policy, Answering.Server server) {
        return answering
                .policyOf(server.id())
                .filter(of -> !of.id().equals(policy.id()))
                .map(of -> new ElsewhereView(server.name(), of.name().value()));
    }
}
