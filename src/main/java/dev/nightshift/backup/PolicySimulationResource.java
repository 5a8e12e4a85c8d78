package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.backup.policy.Answering;
import dev.nightshift.backup.policy.Facts;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What the keep rule of a policy would do, before anybody lets it. */
@Path("projects/{project}/policies/simulate")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Policies")
public class PolicySimulationResource {
    @Inject
    private Policies policies;

    @Inject
    private ExpirySimulation simulation;

    @Inject
    private PolicyGoals goals;

    @Inject
    private CurrentProject project;

    @Inject
    private Clock clock;

    /** More stores are not asked for one answer. */
    private static final int MOST = 50;

    /** What would become of the backups of the instances that the policy answers for, would, or would no more. */
    @Schema(name = "PolicySimulation")
    public record SimulationView(
            List<InstanceView> instances,
            List<PolicyResource.ElsewhereView> answeredElsewhere,

            @Schema(description = "Instances beyond the first 50: nothing is said of them")
            List<String> leftOut) {}

    /** What would become of an instance's backups. */
    @Schema(name = "PolicySimulationInstance")
    public record InstanceView(
            String instance,

            @Schema(description = "The policy that answers for it afterwards, by whose rule this is; null for none")
            @Nullable
            String policy,

            @Schema(description = "The policy that answers for it now; null for none") @Nullable
            String policyBefore,

            @Schema(description = "Why nothing can be said of it; null where it can") @Nullable
            String reason,

            @Schema(description = "Those that would go, the newest first")
            List<GoingView> goes,

            @Schema(description = "Those that would stay, the newest first")
            List<StayingView> stays,

            @Schema(description = "All objects of those that would go, as their stores list them")
            long bytesFreed,

            @Schema(description = "Of the archived log that only they need")
            long logBytesFreed,

            @Schema(description = "What stays restores back to there") @Nullable
            Instant windowFrom,

            @Schema(description = "And up to there: what the archived log covers, or the newest good backup's end")
            @Nullable
            Instant windowTo) {}

    /** A backup that would go. */
    @Schema(name = "PolicySimulationGoing")
    public record GoingView(UUID backup, String kind, List<String> databases, Instant endedAt, long bytes) {}

    /** A backup that would stay. */
    @Schema(name = "PolicySimulationStaying")
    public record StayingView(
            UUID backup, String kind, List<String> databases, Instant endedAt, List<String> because) {}

    @POST
    @Operation(
            operationId = "simulatePolicy",
            summary = "Which backups a policy would delete, and which window would stay",
            description =
                    "Of a saved policy by its name, with what else is given in place of what is saved; or of one that"
                            + " is not saved. Of each instance that it answers for then, and of those that it answers for"
                            + " no more, which go by another policy. Planned as the job expire plans. Nothing is"
                            + " changed.")
    @APIResponse(responseCode = "400", description = "The policy does not say which backups to keep")
    public SimulationView simulate(@Nullable PolicyBody body) {
        PolicyBody asked = Asked.body(body);
        Policy policy = policies.all(project.id()).stream()
                .filter(each -> each.name().value().equals(asked.name()))
                .findFirst()
                .map(asked::over)
                .orElseGet(() -> asked.create(clock));
        if (policy.keep().isEmpty()) {
            throw new Failure.Invalid("keep", "Say what to keep: days, a number, or one of each period.");
        }
        Answering before = policies.answering(project.id());
        Answering after = policies.answeringWith(project.id(), policy);
        // Those that it answers for no more are another's from then on, or nobody's
        List<Answering.Server> servers = Stream.concat(
                        after.answered(policy).stream(),
                        before.answered(policy).stream()
                                .filter(server -> !name(after, server).equals(name(before, server))))
                .toList();
        var budget = new ExpirySimulation.Budget();
        return new SimulationView(
                servers.stream()
                        .limit(MOST)
                        .map(server -> simulated(before, after, server, budget))
                        .toList(),
                PolicyResource.elsewhere(after, policy),
                servers.stream().skip(MOST).map(Answering.Server::name).toList());
    }

    private static Optional<String> name(Answering answering, Answering.Server server) {
        return answering.policyOf(server.id()).map(policy -> policy.name().value());
    }

    private InstanceView simulated(
            Answering before, Answering after, Answering.Server server, ExpirySimulation.Budget budget) {
        Policy policy = after.policyOf(server.id()).orElse(null);
        String now = name(before, server).orElse(null);
        if (policy == null || policy.keep().isEmpty()) {
            return nothing(
                    server,
                    policy,
                    now,
                    policy == null
                            ? "No policy answers for it then: expiry by policy skips it."
                            : "The policy " + policy.name()
                                    + ", which answers for it then, does not say which backups to"
                                    + " keep: expiry by policy skips it.");
        }
        ExpirySimulation.Outcome outcome;
        try {
            outcome = simulation.of(project.id(), server.id(), policy.keep(), budget);
        } catch (Failure.Invalid e) {
            throw e;
        } catch (Failure e) {
            return nothing(server, policy, now, String.valueOf(e.getMessage()));
        }
        List<GoingView> goes = new ArrayList<>();
        List<StayingView> stays = new ArrayList<>();
        for (ExpirySimulation.Line line : outcome.lines()) {
            Backup backup = line.backup();
            Long bytes = line.bytes();
            if (bytes == null) {
                stays.add(new StayingView(
                        backup.id(), backup.kind(), backup.databases(), backup.endedAt(), line.because()));
            } else {
                goes.add(new GoingView(backup.id(), backup.kind(), backup.databases(), backup.endedAt(), bytes));
            }
        }
        return new InstanceView(
                server.name(),
                policy.name().value(),
                now,
                null,
                goes,
                stays,
                outcome.bytes(),
                outcome.logBytes(),
                outcome.windowFrom(),
                goals.facts(project.id(), server.id())
                        .flatMap(Facts::restorableTo)
                        .orElse(null));
    }

    private static InstanceView nothing(
            Answering.Server server, @Nullable Policy policy, @Nullable String before, String reason) {
        return new InstanceView(
                server.name(),
                policy == null ? null : policy.name().value(),
                before,
                reason,
                List.of(),
                List.of(),
                0,
                0,
                null,
                null);
    }
}
