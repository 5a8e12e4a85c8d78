package dev.nightshift.backup;

import dev.nightshift.backup.deletion.Consequences;
import dev.nightshift.backup.expiry.ExpiryPlan;
import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.backup.policy.Answering;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** What a rule lets go of a server, as two people are told of it: by the plan that the job expire makes, and the catalogue. */
@ApplicationScoped
class GoingByRule {
    @Inject
    private ExpiryPlanning planning;

    @Inject
    private ExpirySimulation simulation;

    @Inject
    private Stores stores;

    /** What a rule lets go of a server. */
    interface OfServer extends BiFunction<Answering.Server, KeepRule, Consequences.OfServer> {}

    /**
     * For whoever asks: with what it takes in the stores. Of the backups that is what the catalogue has; of the log it does not have
     * it by position, so that the stores are asked, and throw Failure.Retryable where one that holds log does not answer. What is looked at there has one budget for all servers that
     * this is applied to.
     */
    OfServer measured(ProjectId project) {
        var budget = new ExpirySimulation.Budget();
        return (server, rule) -> {
            ExpiryPlanning.Planned planned = planning.plan(project, server.id(), rule);
            List<UUID> going = going(planned);
            Set<UUID> those = Set.copyOf(going);
            return new Consequences.OfServer(
                    server.name(),
                    going,
                    planned.kept().stream()
                            .filter(backup -> those.contains(backup.id()))
                            .mapToLong(this::bytes)
                            .sum(),
                    simulation.log(project, server.id(), planned, budget),
                    planned.windowFrom().orElse(null),
                    null);
        };
    }

    /**
     * For whoever approves: which go and which window stays, and no bytes. Asks the catalogue alone.
     *
     * @param asOf what has come since does not count; null for now
     */
    OfServer judged(ProjectId project, @Nullable Instant asOf) {
        return (server, rule) -> {
            ExpiryPlanning.Planned planned = asOf == null
                    ? planning.plan(project, server.id(), rule)
                    : planning.planAsOf(project, server.id(), rule, asOf);
            return new Consequences.OfServer(
                    server.name(), going(planned), 0, 0, planned.windowFrom().orElse(null), null);
        };
    }

    static Consequences.OfServer nothing(String name, String reason) {
        return new Consequences.OfServer(name, List.of(), 0, 0, null, reason);
    }

    private static List<UUID> going(ExpiryPlanning.Planned planned) {
        return planned.plan().verdicts().stream()
                .filter(verdict -> !verdict.stays())
                .map(ExpiryPlan.Verdict::backup)
                .map(ExpiryPlan.Kept::id)
                .toList();
    }

    /** In every store that holds it; nothing is freed in one that is lost. */
    private long bytes(Backup backup) {
        return (stores.isLost(backup.store()) ? 0 : backup.storedBytes())
                + backup.copies().stream()
                        .filter(copy -> !stores.isLost(copy.store()))
                        .mapToLong(Backup.Copy::storedBytes)
                        .sum();
    }
}
