package dev.nightshift.backup;

import dev.nightshift.backup.policy.Answering;
import dev.nightshift.backup.policy.Facts;
import dev.nightshift.backup.policy.Judgement;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.finding.Severity;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Holds the goals of a project's policies against what the catalogue holds. */
@ApplicationScoped
class PolicyGoals {
    @Inject
    private Transactions transactions;

    @Inject
    private Policies policies;

    @Inject
    private FactsRepository facts;

    @Inject
    private ProjectKeyRing ring;

    /** A server under the policy that answers for it. */
    record Judged(Policy policy, Answering.Server server, List<Judgement> goals, Facts facts) {}

    /**
     * A finding about a goal that is open.
     *
     * @param policy that it names
     * @param wanted the goal that it names
     */
    record Open(Severity severity, @Nullable String policy, long wanted) {
        /** Whether it is about this goal as it is now. */
        boolean isOf(Policy of, Judgement goal) {
            return of.name().value().equals(policy) && wanted == goal.wanted();
        }
    }

    /**
     * A project's goals at one moment.
     *
     * @param judged of every server that a policy answers for
     * @param open the findings about goals that are open, by their fingerprints
     */
    record Seen(List<Policy> policies, Answering answering, List<Judged> judged, Map<String, Open> open) {
        List<Judged> of(Policy policy) {
            return judged.stream()
                    .filter(each -> each.policy().id().equals(policy.id()))
                    .toList();
        }
    }

    /** What is measured of an instance; empty if there is no such one. */
    Optional<Facts> facts(ProjectId project, UUID server) {
        return Optional.ofNullable(transactions
                .in(
                        project,
                        connection -> facts.of(
                                connection, project, List.of(server), Set.of(server), id -> Facts.Keys.NOT_ASKED))
                .get(server));
    }

    private Function<Optional<String>, Facts.Keys> keys(ProjectId project, List<Policy> policies) {
        return policies.stream()
                        .map(Policy::goals)
                        .allMatch(goals -> goals.keyDays() == null && goals.kitHours() == null)
                ? id -> Facts.Keys.NOT_ASKED
                : ring.facts(project);
    }

    private static Stream<UUID> answered(Answering answering, List<Policy> policies) {
        return policies.stream()
                .flatMap(policy -> answering.answered(policy).stream())
                .map(Answering.Server::id);
    }

    Seen look(ProjectId project) {
        return transactions.in(project, connection -> {
            List<Policy> all = policies.all(project);
            Answering answering = policies.answering(project);
            List<UUID> servers = answered(answering, all).toList();
            Set<UUID> withLog = answered(
                            answering,
                            all.stream()
                                    .filter(policy -> policy.goals().rpoSeconds() != null)
                                    .toList())
                    .collect(Collectors.toSet());
            Map<UUID, Facts> measured = facts.of(connection, project, servers, withLog, keys(project, all));
            List<Judged> judged = new ArrayList<>();
            for (Policy policy : all) {
                for (Answering.Server server : answering.answered(policy)) {
                    Facts its = measured.get(server.id());
                    if (its != null) {
                        judged.add(new Judged(policy, server, Judgement.all(policy, server, its), its));
                    }
                }
            }
            return new Seen(all, answering, judged, facts.openGoals(connection));
        });
    }
}
