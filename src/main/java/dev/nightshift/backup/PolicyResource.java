package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.audit.Audit;
import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.backup.policy.Answering;
import dev.nightshift.backup.policy.Goal;
import dev.nightshift.backup.policy.Goals;
import dev.nightshift.backup.policy.Judgement;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Page;
import dev.nightshift.tenancy.Transactions;
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
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private Transactions transactions;

    @Inject
    private CurrentProject project;

    @Inject
    private Audit audit;

    @Inject
    private Clock clock;

    /** The goals; what is left out is not wanted. */
    @Schema(name = "PolicyGoals")
    public record GoalsView(
            @Schema(description = "The most that may be lost of what was done last") @Nullable
            Integer rpoSeconds,

            @Schema(description = "The longest until a restored server answers") @Nullable
            Integer rtoSeconds,

            @Schema(description = "The oldest that the newest proof may be; replaces the instance's proofDays")
            @Nullable
            Integer proofDays,

            @Schema(description = "The oldest that the newest good backup may be") @Nullable
            Integer backupHours) {
        static GoalsView of(Goals goals) {
            return new GoalsView(goals.rpoSeconds(), goals.rtoSeconds(), goals.proofDays(), goals.backupHours());
        }

        Goals goals() {
            return new Goals(rpoSeconds, rtoSeconds, proofDays, backupHours);
        }
    }

    /** Which backups to keep, as the job expire means it; what is left out keeps none. */
    @Schema(name = "PolicyKeep")
    public record KeepView(
            @Nullable Integer days,
            @Nullable Integer count,
            @Nullable Integer daily,
            @Nullable Integer weekly,
            @Nullable Integer monthly,
            @Nullable Integer yearly) {
        static KeepView of(KeepRule rule) {
            return new KeepView(rule.days(), rule.count(), rule.daily(), rule.weekly(), rule.monthly(), rule.yearly());
        }

        KeepRule rule() {
            return new KeepRule(
                    orNone(days), orNone(count), orNone(daily), orNone(weekly), orNone(monthly), orNone(yearly));
        }

        private static int orNone(@Nullable Integer part) {
            return part == null ? 0 : part;
        }
    }

    /** A policy to be; on a change, what is left out stays, goals and keep each as a whole. */
    @Schema(
            name = "PolicyRequest",
            example = "{\"name\":\"gold\",\"description\":\"what customers pay for\",\"databases\":[\"tag:gold\"],"
                    + "\"goals\":{\"rpoSeconds\":300,\"rtoSeconds\":3600,\"proofDays\":7,\"backupHours\":26},"
                    + "\"keep\":{\"days\":14,\"monthly\":12}}")
    public record Body(
            @Nullable String name,
            @Nullable String description,

            @Schema(description = "Whose servers it is for: names, tag: and a tag, or * alone for all") @Nullable
            List<String> databases,

            @Nullable GoalsView goals,
            @Nullable KeepView keep) {
        Policy create(Clock clock) {
            return new Policy(
                    Ids.next(clock),
                    new Name(Objects.requireNonNullElse(name, "")),
                    Objects.requireNonNullElse(description, "").strip(),
                    Objects.requireNonNullElse(databases, List.of()),
                    goals == null ? Goals.NONE : goals.goals(),
                    keep == null ? new KeepRule(0, 0, 0, 0, 0, 0) : keep.rule());
        }

        Policy over(Policy before) {
            return new Policy(
                    before.id(),
                    before.name(),
                    description == null ? before.description() : description.strip(),
                    Objects.requireNonNullElse(databases, before.databases()),
                    goals == null ? before.goals() : goals.goals(),
                    keep == null ? before.keep() : keep.rule());
        }
    }

    /** How many goals of how many instances are met. */
    @Schema(name = "PolicyCounts")
    public record CountsView(int instances, long met, long missed, long unknown) {}

    /** A policy with its measured state in figures. */
    @Schema(name = "Policy")
    public record PolicyView(
            String name,
            String description,
            List<String> databases,
            GoalsView goals,
            KeepView keep,
            CountsView counts) {}

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

            @Schema(enumeration = "SECONDS") String unit,

            @Schema(description = "The most that is allowed")
            long wanted,

            @Schema(description = "Null where nothing was measured") @Nullable
            Long measured,

            @Nullable Instant measuredAt,
            Judgement.State state,
            String reason) {
        static GoalView of(Judgement judgement) {
            Duration measured = judgement.measured();
            return new GoalView(
                    judgement.goal(),
                    "SECONDS",
                    judgement.wanted().toSeconds(),
                    measured == null ? null : measured.toSeconds(),
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
        return new Page<>(
                seen.policies().stream().map(policy -> view(seen, policy)).toList(), null);
    }

    @POST
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "addPolicy",
            summary = "Add a backup policy",
            description = "It deletes nothing: the job expire does, where it is told to go by the policies, and of the"
                    + " instances that this one answers for from now on it goes by this one.")
    @APIResponse(
            responseCode = "201",
            description = "The policy",
            content = @Content(schema = @Schema(implementation = DetailsView.class)))
    @APIResponse(responseCode = "409", description = "The name is taken")
    public Response add(@Nullable Body body, @Context UriInfo uri) {
        Policy policy = Asked.body(body).create(clock);
        transactions.run(project.id(), connection -> {
            policies.add(project.id(), policy);
            audit("policy.add", policy);
        });
        return Response.created(
                        uri.getAbsolutePathBuilder().path(policy.name().value()).build())
                .entity(get(policy.name().value()))
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
                view(seen, policy),
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
            description = "What is left out stays, goals and keep each as a whole; the name never changes.")
    @APIResponse(responseCode = "404", description = "There is no such policy")
    public DetailsView change(@PathParam("policy") String name, @Nullable Body body) {
        Body asked = Asked.body(body);
        policies.named(project.id(), name);
        Asked.sameName("name", asked.name(), name);
        transactions.run(
                project.id(), connection -> audit("policy.change", policies.change(project.id(), name, asked::over)));
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
                            + " next, or skips it, as the answer says; findings about its goals are closed.")
    public DeletedView delete(@PathParam("policy") String name, @QueryParam("confirm") @Nullable String confirm) {
        Policy policy = policies.named(project.id(), name);
        Asked.confirmed(confirm, name);
        return transactions.in(project.id(), connection -> {
            List<Answering.Server> servers = policies.answering(project.id()).answered(policy);
            policies.delete(project.id(), name);
            audit("policy.delete", policy);
            Answering after = policies.answering(project.id());
            return new DeletedView(servers.stream()
                    .map(server -> new NextView(server.name(), name(after, server)))
                    .toList());
        });
    }

    private static @Nullable String name(Answering answering, Answering.Server server) {
        return answering.policyOf(server.id()).map(of -> of.name().value()).orElse(null);
    }

    private void audit(String action, Policy policy) {
        audit.record(
                project.id(),
                action,
                "policy " + policy.name(),
                Map.of(
                        "databases", policy.databases(),
                        "goals", policy.goals().toString(),
                        "keep", policy.keep().toString()));
    }

    private static PolicyView view(PolicyGoals.Seen seen, Policy policy) {
        List<PolicyGoals.Judged> judged = seen.of(policy);
        return new PolicyView(
                policy.name().value(),
                policy.description(),
                policy.databases(),
                GoalsView.of(policy.goals()),
                KeepView.of(policy.keep()),
                new CountsView(
                        judged.size(),
                        count(judged, Judgement.State.MET),
                        count(judged, Judgement.State.MISSED),
                        count(judged, Judgement.State.UNKNOWN)));
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
