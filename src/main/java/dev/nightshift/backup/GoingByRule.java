package dev.nightshift.backup;

import dev.nightshift.backup.deletion.Consequences;
import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import java.util.UUID;

/** What a rule lets go of a server, as two people are told of it: the simulation's answer. */
@ApplicationScoped
class GoingByRule {
    @Inject
    private ExpirySimulation simulation;

    Consequences.OfServer of(
            ProjectId project, UUID instance, String name, KeepRule rule, ExpirySimulation.Budget budget) {
        ExpirySimulation.Outcome outcome = simulation.of(project, instance, rule, budget);
        List<UUID> going = outcome.lines().stream()
                .filter(line -> line.bytes() != null)
                .map(line -> line.backup().id())
                .toList();
        return new Consequences.OfServer(name, going, outcome.bytes(), outcome.logBytes(), outcome.windowFrom(), null);
    }

    static Consequences.OfServer nothing(String name, String reason) {
        return new Consequences.OfServer(name, List.of(), 0, 0, null, reason);
    }
}
